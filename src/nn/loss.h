#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "nn/linear.h"

namespace cllm {

// The fused head and the crystalline loss (design section 4): logits exist for one block of positions at a time, and
// their gradient is formed in place.

// Positions whose logits exist at once, of `positions`: at most 256, fewer when their logits exceed 4 MiB.
size_t LossBlock(size_t vocabulary, size_t positions);
// Floats of scratch: forward alone, and with backward.
inline size_t LossScratch(size_t vocabulary, size_t positions) { return LossBlock(vocabulary, positions) * vocabulary; }
size_t LossBackwardScratch(size_t vocabulary, size_t width, size_t positions);

// Classes of the vocabulary that share a root and that share a form: the loss's two partitions. [V] each.
struct LossClasses {
  std::span<const int32_t> root;
  std::span<const int32_t> form;
};

// Sums over positions of the three scores -ln p, in nats, as fixed point (2^-32): exact in any order.
struct LossSums {
  int64_t token = 0, root = 0, form = 0;
  uint64_t positions = 0;
  bool finite = true;  // false once a score was not finite or above 1,024 nats

  void Add(const LossSums& other);
  static double Nats(int64_t sum) { return static_cast<double>(sum) * 0x1p-32; }
};

// The scores of `targets` given h [T, C] (after the final norm); head packs the embedding [V, C] by columns.
void LossForward(const float* h, size_t width, std::span<const uint32_t> targets, const Panels& head,
                 const LossClasses& classes, float* scratch, LossSums& sums);

// The same, and the gradients: d_h [T, C] is written, the embedding's gradient goes to `grid`.
struct LossHead {
  Panels columns;  // the embedding packed by columns: logits
  Panels rows;     // and by rows: d_h
};
void LossForwardBackward(const float* h, size_t width, std::span<const uint32_t> targets, const LossHead& head,
                         const LossClasses& classes, float lambda, size_t grid, float* d_h, float* scratch,
                         LossSums& sums, GradientSink& sink);

}  // namespace cllm
