#pragma once

#include <cstddef>
#include <cstdint>

namespace cllm {

// The loss of one position: the cross-entropy of its token plus lambda times those of the classes of its root and of
// its form.
struct LossScores {
  float token;  // -ln p_t, nats
  float root;   // -ln sum of p over the target's root class
  float form;   // -ln sum of p over the target's form class
};

// What turns a row of logits into likelihoods: -ln p of a token is (maximum - its logit) + log_sum, in these two steps
// and no others, so that losses, samples and scored prompts agree to the bit.
struct RowNormalizer {
  float maximum;  // of the row
  float log_sum;  // ln of the sum of exp(logit - maximum)

  float Nats(float logit) const { return (maximum - logit) + log_sum; }
};
RowNormalizer NormalizerOf(const float* logits, size_t vocabulary);

// In: logits[V]; root[V], form[V] class ids of each token; target t. Out: the three scores; logits replaced by `scale`
// times the gradient (1 + 2 lambda) p_v - [v = t] - lambda p_v ([root_v = root_t] / P_A + [form_v = form_t] / P_B),
// where P_A and P_B are the sums of p over the target's root class and form class. Sums as in reductions.h.
LossScores LossRow(float* logits, const int32_t* root, const int32_t* form, size_t vocabulary,
                   size_t target, float lambda, float scale);
// The scores alone; logits are used as scratch.
LossScores LossRowScores(float* logits, const int32_t* root, const int32_t* form, size_t vocabulary,
                         size_t target);

}  // namespace cllm
