#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"

namespace cllm {

// How the next token is drawn, in llama.cpp's terms, defaults and order: repetition penalty, top-k, top-p, min-p,
// temperature.
struct PickOptions {
  double temperature = 0.8;  // 0: always the most probable token, ties by id
  size_t top_k = 40;         // 0: no limit
  double top_p = 0.95;       // 1: no limit
  double min_p = 0.05;       // of the most probable token's probability; 0: no limit
  double repeat_penalty = 1;  // above 1: tokens seen lately become less likely
  size_t repeat_window = 64;  // tokens that count as lately
  uint64_t seed = 1;
};

// Every number finite and in range. Error (Usage): names the number, what was expected and what was found.
Status Validate(const PickOptions& options);

// Draws tokens from logits. The draw with number i is a pure function of (seed, i, logits, recent tokens). One worker
// only.
class TokenPicker {
 public:
  // REQUIRES: Validate(options) is ok.
  TokenPicker(const PickOptions& options, size_t vocabulary);

  // logits [V] are not changed; `recent` are the tokens so far, the newest last. Special tokens other than `end` are
  // the caller's to exclude by masking with -inf, which is never drawn. A NaN counts as the lowest finite number, +inf
  // as the highest. Allocates nothing. REQUIRES: a logit above -inf; recent < V.
  uint32_t Pick(std::span<const float> logits, std::span<const uint32_t> recent);

  // The tokens that a draw chooses from, most probable first, ties by id; one at temperature 0. Valid until the next
  // call. REQUIRES: as above.
  std::span<const uint32_t> Candidates(std::span<const float> logits, std::span<const uint32_t> recent);

 private:
  void Score(std::span<const float> logits, std::span<const uint32_t> recent);
  void Penalise(std::span<const uint32_t> recent);
  size_t Cut(size_t candidates);
  // weights_[i] = exp((score of candidate i - highest score) / temperature) for i < candidates; returns their sum.
  double Weigh(size_t candidates, double temperature);

  PickOptions options_;
  uint64_t drawn_ = 0;
  std::vector<float> scores_;    // [V] after the penalty; -inf is excluded
  std::vector<uint32_t> order_;  // [V] the candidates come first
  std::vector<double> weights_;  // [V] by position in order_
};

}  // namespace cllm
