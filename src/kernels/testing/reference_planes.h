#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

// Plain twin of byte_planes.h, number by number and bit by bit: the same bytes.
namespace cllm::reference {

std::vector<uint8_t> PackIntegers(const int64_t* values, size_t n);
std::vector<uint8_t> PackFloats(const float* values, const float* known, size_t n);

}  // namespace cllm::reference
