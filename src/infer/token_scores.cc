#include "infer/token_scores.h"

#include <algorithm>

#include "math/scalar.h"

namespace cllm {

// Insertion into the few that are asked for; `logprob` holds the logit until the end.
size_t BestTokens(std::span<const float> logits, const RowNormalizer& normalizer, std::span<TokenLogprob> best) {
  size_t found = 0;
  for (uint32_t id = 0; id < logits.size() && !best.empty(); ++id) {
    const float logit = logits[id];
    if (math::IsNan(logit) || (found == best.size() && !(logit > best.back().logprob))) continue;
    size_t place = std::min(found, best.size() - 1);
    for (; place > 0 && best[place - 1].logprob < logit; --place) best[place] = best[place - 1];
    best[place] = {id, logit};
    found = std::min(found + 1, best.size());
  }
  for (TokenLogprob& each : best.first(found)) each.logprob = LogprobOf(normalizer, each.logprob);
  return found;
}

}  // namespace cllm
