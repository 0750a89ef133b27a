#pragma once

#include <cstdint>
#include <string>

namespace cllm {

// What a model of so many parameters can be expected to do, so that nobody takes it for more: sentences.
std::string WhatToExpect(uint64_t parameters);

// "259", "43 k", "0.8 M", "135 M", "1.1 G" parameters.
std::string ShortCount(uint64_t count);

}  // namespace cllm
