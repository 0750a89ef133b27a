#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/weights.h"
#include "text/tokenizer.h"

namespace cllm {

// How far two models are apart on a text.
struct LogitComparison {
  size_t positions = 0;
  size_t same_best = 0;           // positions at which both find the same token most probable
  double largest_difference = 0;  // of a logit
  double largest_logit = 0;       // of the first model, by magnitude
};

// Tokens of a text that a model writes by itself: drawn from all of its distribution, at most `count` and a context.
std::vector<uint32_t> OwnText(const Weights& weights, const Tokenizer& tokenizer, size_t count);

// Logits of both after each of the tokens. A logit that is not finite is infinitely far. REQUIRES: models of one
// vocabulary, whose contexts have room for the tokens.
LogitComparison CompareLogits(const Weights& first, const Weights& second, std::span<const uint32_t> tokens);

}  // namespace cllm
