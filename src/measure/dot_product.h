#pragma once

#include <cstddef>

namespace cllm::measure {

// The dot product of two vectors of `n` floats, in four chains of fused multiply-adds a lane, the last few one by one:
// the seed's yardstick for the GCD of two codes.
float DotProduct(const float* x, const float* y, size_t n);

}  // namespace cllm::measure
