#pragma once

#include <cstddef>

namespace cllm::measure {

// Bytes per second at which the calling thread reads `floats` floats again and again, for at least `milliseconds` of
// its processor time after a first time that is not counted: what caches and memory give for a working set of this
// size.
double ReadRate(const float* data, size_t floats, double milliseconds);

}  // namespace cllm::measure
