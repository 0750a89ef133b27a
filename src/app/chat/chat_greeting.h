#pragma once

#include <cstdint>
#include <string>

namespace cllm {

// What a model of so many parameters can be expected to do, so that nobody takes it for more: sentences.
std::string WhatToExpect(uint64_t parameters);

}  // namespace cllm
