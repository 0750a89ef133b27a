#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace cllm {

// How the next token is drawn, in llama.cpp's terms and defaults.
struct PickOptions {
  double temperature = 0.8;  // 0: always the most probable token, ties by id
  size_t top_k = 40;         // 0: no limit
  double top_p = 0.95;       // 1: no limit
  double min_p = 0.05;       // of the most probable token's probability; 0: no limit
  double repeat_penalty = 1;  // above 1: tokens seen lately become less likely
  size_t repeat_window = 64;  // tokens that count as lately
  uint64_t seed = 1;
};

// Draws tokens from logits. The draw with number i is a pure function of (seed, i, logits, recent tokens). One worker
// only.
class TokenPicker {
 public:
  TokenPicker(const PickOptions& options, size_t vocabulary);

  // logits [V] are not changed; `recent` are the tokens so far, the newest last. Special tokens other than `end` are
  // the caller's to exclude by masking.
  uint32_t Pick(std::span<const float> logits, std::span<const uint32_t> recent);

 private:
  PickOptions options_;
  uint64_t drawn_ = 0;
  std::vector<float> scores_;     // [V]
  std::vector<uint32_t> order_;   // [V]
};

}  // namespace cllm
