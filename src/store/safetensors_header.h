#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "store/safetensors.h"

// The JSON part of a safetensors file.
namespace cllm {

// One entry: where the tensor's bytes lie in the buffer after the header.
struct TensorEntry {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<uint64_t> shape;
  uint64_t begin = 0;
  uint64_t end = 0;
};

struct SafetensorsHeader {
  std::vector<TensorEntry> tensors;  // in the order of the text
  TensorMetadata metadata;
};

// Checks the text as far as it goes without the buffer: its grammar, names, types and limits. Error: BadInput.
Result<SafetensorsHeader> ParseSafetensorsHeader(std::string_view text, const std::string& label);

// The text for tensors in the order given, padded with spaces so that the header and the 8 bytes of its length end at
// a multiple of 8.
std::string WriteSafetensorsHeader(const SafetensorsHeader& header);

// The product of the shape times the size of an element. False if it exceeds 64 bits.
bool TensorBytes(const std::vector<uint64_t>& shape, DType dtype, uint64_t* bytes);

}  // namespace cllm
