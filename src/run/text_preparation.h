#pragma once

#include <string>
#include <vector>

#include "corpus/split_text.h"
#include "data/prepared_corpus.h"
#include "monitor/run_observer.h"
#include "run/run_choices.h"
#include "text/tokenizer.h"

// From the text that somebody names to tokens; what is to be said of it is told to an observer, once.
namespace cllm {

// The text of a run, with the cache in DefaultCacheDirectory.
TextOptions TextOf(const RunChoices& choices);

// Tells what is to be said of a text that was opened.
void TellNotes(const SplitText& text, RunObserver& observer);

// Opens a text and tells what is to be said of it. Error: as SplitText::Open.
Result<SplitText> OpenText(TextOptions options, RunObserver& observer);

// The tokenizer that `name` names: learned from the training part for "bytes" and "bpe:N", else read from a directory.
// Error: as ParseTokenizerSpec, TrainTokenizer and LoadTokenizer.
Result<Tokenizer> MakeTokenizer(const std::string& name, const SplitText& text, size_t threads, RunObserver& observer);

// The tokenizer that the planner named: with as many merges as the text holds (LearnPlanned).
Result<Tokenizer> MakePlannedTokenizer(const std::string& name, const SplitText& text, size_t threads,
                                       RunObserver& observer);

// Both parts as tokens, new or from the cache; tells what is to be said beyond the text's own notes. Error: as Prepare.
Result<PreparedCorpus> PrepareText(const SplitText& text, const Tokenizer& tokenizer, size_t threads,
                                   RunObserver& observer);

// All of a text as the validation part. Error: as SplitText::OpenForEvaluation and Prepare.
Result<PreparedCorpus> PrepareForEvaluation(const CorpusOptions& text, const Tokenizer& tokenizer, size_t threads,
                                            RunObserver& observer);

// Streams the documents of a text, after what is to be said of it. Error: of the text or the visitor.
Status ReadDocuments(const CorpusOptions& text, RunObserver& observer, const TextVisitor& visitor);

}  // namespace cllm
