#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/wide_integer.h"
#include "nn/linear.h"

namespace cllm {

// The fused head and the crystalline loss (design section 4): logits exist for one block of positions at a time, and
// their gradient is formed in place.

// Positions whose logits exist at once, of `positions`: at most 256, fewer when their logits exceed 4 MiB (8 of 131,072
// tokens). The vocabulary is never cut: that would compute the logits twice.
size_t LossBlock(size_t vocabulary, size_t positions);
// Floats of scratch: forward alone, and with backward.
inline size_t LossScratch(size_t vocabulary, size_t positions) { return LossBlock(vocabulary, positions) * vocabulary; }
size_t LossBackwardScratch(size_t vocabulary, size_t width, size_t positions);

// A target that is not there: the position is context for others, is not scored and has no gradient of its own.
inline constexpr uint32_t kNoTarget = ~uint32_t{0};

// Classes of the vocabulary that share a root and that share a form: the loss's two partitions. [V] each.
struct LossClasses {
  std::span<const int32_t> root;
  std::span<const int32_t> form;
};

// Sums over positions of the three scores -ln p, in nats, as fixed point (2^-32): exact in any order, and over any text
// (2^95 nats; 64 bits would hold 2^31, which a gigabyte of text has).
struct LossSums {
  Int128 token = 0, root = 0, form = 0;
  uint64_t positions = 0;
  bool finite = true;  // false once a score was not finite or above 1,024 nats

  void Add(const LossSums& other);
  static double Nats(Int128 sum) { return static_cast<double>(sum) * 0x1p-32; }
};

// What the model made of the positions, and what is right there.
struct LossInputs {
  const float* h;                     // [T, C], after the final norm
  size_t width;                       // C
  std::span<const uint32_t> targets;  // [T], kNoTarget among them
  const LossClasses& classes;
};

// The scores of the targets; head packs the head's matrix [V, C] by columns. scratch: LossScratch.
void LossForward(const LossInputs& in, const Panels& head, float* scratch, LossSums& sums);

// The same, and the gradients of (token + lambda (root + form)) summed over positions. scratch: LossBackwardScratch.
struct LossHead {
  Panels columns;  // the head's matrix packed by columns: logits
  Panels rows;     // and by rows: d_h
  size_t grid;     // where its gradient goes
  float lambda;
  float* d_h;      // [T, C] is written
};
void LossForwardBackward(const LossInputs& in, const LossHead& head, float* scratch, LossSums& sums,
                         GradientSink& sink);

}  // namespace cllm
