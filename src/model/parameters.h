#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/aligned_buffer.h"
#include "model/layout.h"

namespace cllm {

// A model's tensors in f32: one flat buffer in the layout's order. Owns it; thread-compatible, and read-only while
// workers run forward and backward.
class Parameters {
 public:
  explicit Parameters(const ModelShape& shape) : layout_(shape), values_(layout_.size()) {}

  const ModelShape& shape() const { return layout_.shape(); }
  const ParameterLayout& layout() const { return layout_; }
  float* data() { return values_.data(); }
  const float* data() const { return values_.data(); }
  std::span<float> tensor(const TensorInfo& info) { return values_.span().subspan(info.offset, info.size()); }
  std::span<const float> tensor(const TensorInfo& info) const {
    return values_.span().subspan(info.offset, info.size());
  }

 private:
  ParameterLayout layout_;
  AlignedBuffer<float> values_;
};

// Initial weights for `seed`: normal with deviation 0.04 (embedding), 0.02 (matrices, a head of its own), 0.02 / sqrt(2
// L) (the two that write into the residual stream); norms are 1. Element j of tensor i is a pure function of (seed, i,
// j).
void InitializeParameters(uint64_t seed, Parameters& parameters);

// XXH3-128 of all tensors' bytes in order, as hexadecimal: equal weights, equal text.
std::string WeightHash(const Parameters& parameters);

}  // namespace cllm
