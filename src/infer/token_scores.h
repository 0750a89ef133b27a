#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/loss_row.h"

namespace cllm {

// ln p of a token in the model's own distribution, before temperature and cuts.
struct TokenLogprob {
  uint32_t id = 0;
  float logprob = 0;
};

// A token where it stands, and the most probable ones in its place, best first, ties by id.
struct TokenScore {
  uint32_t id = 0;
  float logprob = 0;
  std::vector<TokenLogprob> best = {};
};

// ln p of the token with this logit: 0 minus the nats that the loss and `cllm eval` count for it, to the bit.
inline float LogprobOf(const RowNormalizer& normalizer, float logit) { return 0.0f - normalizer.Nats(logit); }

// Writes the most probable tokens of a row of logits [V] to the front of `best`, best first, ties by id; returns how
// many: best.size(), or as many as there are that are not NaN.
size_t BestTokens(std::span<const float> logits, const RowNormalizer& normalizer, std::span<TokenLogprob> best);

}  // namespace cllm
