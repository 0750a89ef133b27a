#pragma once

#include <cstddef>
#include <functional>

namespace cllm {

// What each thread gets, whatever `ulimit -s` says: the usual limit of a main thread. Only what is touched is resident.
inline constexpr size_t kStackBytes = size_t{8} << 20;

// Calls `function` where there is a stack of kStackBytes: here, or in a thread of its own where this one may have less.
// Threads that are started later have as much. Throws std::system_error where there is no such thread to be had.
int WithEnoughStack(const std::function<int()>& function);

}  // namespace cllm
