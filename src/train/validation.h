#pragma once

#include <cstdint>

#include "data/evaluation_windows.h"
#include "data/prepared_corpus.h"
#include "model/transformer.h"
#include "spheres/spheres.h"
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
  // The leaves' states are Workers for the transformer's shape. Diverged if the loss is not finite.
  Result<EvaluationReport> Run(Spheres& spheres, const Transformer& transformer, size_t count) const;

 private:
  Status Score(const EvaluationWindow& window, const Transformer& transformer, TrainingContext& context,
               LossSums& sums) const;
  uint64_t BytesOf(const EvaluationWindow& window) const;

  TokenView tokens_;
  uint64_t bytes_;
  const Tokenizer& tokenizer_;
  EvaluationWindows windows_;
};

}  // namespace cllm
