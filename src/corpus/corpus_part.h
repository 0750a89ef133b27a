#pragma once

#include <cstddef>

namespace cllm {

// The two parts of a text: what is learned, and what is held back to judge by.
enum class CorpusPart { kTraining = 0, kValidation = 1 };
inline constexpr size_t kCorpusParts = 2;

}  // namespace cllm
