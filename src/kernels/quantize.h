#pragma once

#include <cstddef>
#include <cstdint>

namespace cllm {

// A positive float rounded to half precision (nearest, ties to even; at most the largest finite one), as a float.
float RoundToHalf(float x);

// A block by GGUF's Q8_0: x = scale * values with scale = max |x| / 127 rounded to half precision and the nearest
// integers to x / (max |x| / 127), ties away from zero. A block with something that is not finite gets scale NaN and
// zeros. Returns the scale. REQUIRES: n <= 32.
float QuantizeQ8(const float* x, size_t n, int8_t* values);

}  // namespace cllm
