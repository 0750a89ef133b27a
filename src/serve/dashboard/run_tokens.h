#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/status.h"
#include "data/prepared_corpus.h"
#include "text/tokenizer.h"

namespace cllm {

// Which run, and what of it, a look beyond the log is about. A plain value, for other threads.
struct RunSource {
  std::string id = {}, path = {}, name = {};
  std::string corpus_hash = {};  // of its text
  uint64_t step = 0;             // of its newest checkpoint that is whole
  std::string checkpoint = {};   // its directory; "": there is none
  int64_t saved = 0;             // when it was, in seconds since 1970
};

// A run's tokenizer, and the tokens of its text where the cache has them. Movable.
struct RunTokens {
  Tokenizer tokenizer;
  std::optional<PreparedCorpus> corpus;
  std::string missing;  // why there is no corpus: a sentence

  // Error (BadInput): the tokenizer cannot be read.
  static Result<RunTokens> Open(const RunSource& run);
  // Looks for the tokens again where they were missing: the cache may have them by now. Whether it has.
  bool LookAgain(const RunSource& run);
};

}  // namespace cllm
