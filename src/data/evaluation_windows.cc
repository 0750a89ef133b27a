#include "data/evaluation_windows.h"

#include <algorithm>

#include "base/check.h"
#include "base/wide_integer.h"

namespace cllm {

EvaluationWindows::EvaluationWindows(uint64_t tokens, uint64_t context, uint64_t stride)
    : tokens_(tokens), context_(context), stride_(stride) {
  CHECK(stride >= 1 && stride <= context);
  const uint64_t beyond_first = targets() > context ? targets() - context : 0;
  size_ = targets() == 0 ? 0 : 1 + beyond_first / stride + (beyond_first % stride == 0 ? 0 : 1);
}

EvaluationWindow EvaluationWindows::operator[](uint64_t index) const {
  CHECK(index < size_);
  const uint64_t start = index * stride_;
  return {.start = start,
          .length = std::min(context_, targets() - start),
          .first_counted = index == 0 ? 0 : context_ - stride_};
}

EvaluationWindow EvaluationWindows::OfSample(uint64_t i, uint64_t count) const {
  CHECK(i < count && count <= size_);
  // The product has more than 64 bits from 2^32 windows on.
  return (*this)[static_cast<uint64_t>(Uint128{i} * size_ / count)];
}

}  // namespace cllm
