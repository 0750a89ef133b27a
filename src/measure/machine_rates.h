#pragma once

#include <cstddef>

// What a machine allows to several threads together.
namespace cllm::measure {

// Seconds of a phase of that many leaves in which there is nothing to do: the median of some hundreds.
double EmptyPhaseSeconds(size_t threads);

// Bytes per second at which that many threads together read 512 MiB, each a part of its own: the memory, where the
// caches hold less.
inline constexpr size_t kJointReadBytes = size_t{512} << 20;
double JointReadRate(size_t threads);

}  // namespace cllm::measure
