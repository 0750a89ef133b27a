#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "serve/dashboard/run_tokens.h"
#include "store/json.h"

namespace cllm {

// Losses of tokens, and the step of the checkpoint whose they are.
struct KnownLosses {
  uint64_t step = 0;
  std::vector<float> nats;  // by token; NaN where one was not seen
};

// A run's vocabulary on its spiral, with what the run made of it: how often each token stands in the training text, how
// long its vector is in the newest checkpoint, and who is near it. Thread-compatible.
class LatticeView {
 public:
  // tokens: outlive this. Counts the training tokens once.
  LatticeView(const RunSource& run, const RunTokens& tokens);

  // Takes the vectors of another checkpoint; those of before where it cannot be read.
  void TakeCheckpoint(const RunSource& run);

  // All tokens by column: {"count", "text", "x", "y", "root", "position", "frequency", "norm", "loss", "specials",
  // ...}.
  JsonFields Columns(const KnownLosses* losses, bool losses_are_coming) const;
  // One: its code, its factors, its family, and the nearest in the lattice and in the learned embedding.
  // REQUIRES: id < the vocabulary.
  JsonFields Token(uint32_t id) const;
  size_t vocabulary() const { return tokens_.tokenizer.vocabulary(); }

 private:
  std::string TextOf(uint32_t id) const;
  JsonArray Family(uint32_t id) const;
  JsonArray NearInEmbedding(uint32_t id) const;

  const RunTokens& tokens_;
  std::vector<uint64_t> counts_;  // none where the tokens are not there
  uint64_t step_ = 0;
  std::vector<float> embedding_;  // [V, C] of that step; none where it is not there
  std::vector<float> norms_;
};

}  // namespace cllm
