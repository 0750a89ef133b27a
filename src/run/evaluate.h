#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "corpus/corpus.h"
#include "model/weights.h"
#include "monitor/run_observer.h"
#include "text/tokenizer.h"
#include "train/validation.h"

namespace cllm {

struct EvaluateOptions {
  std::optional<size_t> stride = {};  // tokens from one context to the next; none: the context
  size_t threads = 0;                 // 0: one per usable core; the result is the same for any number
};

// What a model makes of a whole text.
struct TextEvaluation {
  EvaluationResult result;
  uint64_t bytes = 0;  // of the text that is scored
  // Of dialogues only what the assistant says is scored; else 0: all was.
  uint64_t tokens_of_dialogues = 0, bytes_of_dialogues = 0;
};

// Evaluates a model on a text: every byte that is scored counted once. What is to be said of the
// text goes to the observer. Error: as PrepareForEvaluation; Usage: a stride beyond the context; Diverged: the loss is
// not finite.
Result<TextEvaluation> EvaluateText(const Weights& weights, const Tokenizer& tokenizer,
                                    const CorpusOptions& text, const EvaluateOptions& options, RunObserver& observer);

}  // namespace cllm
