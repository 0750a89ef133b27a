#pragma once

#include <cstddef>

namespace cllm {

// Floats, up to whole cache lines of 64 bytes: where the next part of a shared buffer may begin.
constexpr size_t WholeLines(size_t floats) { return (floats + 15) / 16 * 16; }

}  // namespace cllm
