#pragma once

#include <string>

#include "data/prepared_corpus.h"
#include "monitor/run_observer.h"
#include "run/run_choices.h"
#include "store/file_system.h"
#include "text/tokenizer.h"

namespace cllm {

// A run whose text is looked for. References what it is made of.
struct TextQuery {
  const std::string& run;        // its directory
  const RunChoices& choices;     // its own, or with another `text` and `validation`: where they lie now
  const std::string& hash;       // of the text (PreparedCorpus::corpus_hash)
  const Tokenizer& tokenizer;
};

// The tokens of a run's text: of the one that the choices name. If the run's configuration names it and it is not there
// any more, it is known by its hash: in the working directory, in the run's and in the two above, and then as tokens in
// the cache. What was found elsewhere is told, and written into the configuration for the next time. Error (BadInput):
// another text, or none, and what to do; others as Prepare. REQUIRES: the run's lock is held.
Result<PreparedCorpus> FindText(const TextQuery& query, FileSystem& files, RunObserver& observer);

}  // namespace cllm
