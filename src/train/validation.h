#pragma once

#include <cstdint>

#include "data/evaluation_windows.h"
#include "data/prepared_corpus.h"
#include "train/exact_step.h"
#include "train/run_observer.h"

namespace cllm {

// Evaluates a model on a text's tokens: contexts end to end, every token but the first a target once. Keeps references;
// thread-compatible.
class Validation {
 public:
  // bytes: of the text behind `tokens`.
  Validation(TokenView tokens, uint64_t bytes, const Tokenizer& tokenizer, size_t context, size_t stride);

  size_t windows() const { return windows_.size(); }
  // Scores over all windows, or over `count` of them spread evenly (always the same ones).
  Result<EvaluationReport> Run(ExactStep& step, size_t count) const;

 private:
  Result<size_t> Fill(size_t window, std::span<uint32_t> inputs, std::span<uint32_t> targets) const;
  uint64_t BytesOf(const EvaluationWindow& window) const;

  TokenView tokens_;
  uint64_t bytes_;
  const Tokenizer& tokenizer_;
  EvaluationWindows windows_;
};

}  // namespace cllm
