#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// GGUF files made byte by byte, right or wrong, independent of the writer.
namespace cllm {

template <typename Number>
std::string LittleEndian(Number value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

inline std::string GgufString(std::string_view text) { return LittleEndian<uint64_t>(text.size()) + std::string(text); }

// A key with a value of the type with that number, given as bytes.
inline std::string GgufKey(std::string_view key, uint32_t type, const std::string& value) {
  return GgufString(key) + LittleEndian(type) + value;
}
inline std::string GgufKey(std::string_view key, uint32_t value) { return GgufKey(key, 4, LittleEndian(value)); }
inline std::string GgufKey(std::string_view key, std::string_view text) { return GgufKey(key, 8, GgufString(text)); }

inline std::string GgufArray(std::string_view key, uint32_t element, uint64_t count, const std::string& elements) {
  return GgufKey(key, 9, LittleEndian(element) + LittleEndian(count) + elements);
}

// A tensor's entry; sizes innermost first.
inline std::string GgufTensorEntry(std::string_view name, const std::vector<uint64_t>& sizes, uint32_t type,
                                   uint64_t offset) {
  std::string bytes = GgufString(name) + LittleEndian(static_cast<uint32_t>(sizes.size()));
  for (const uint64_t size : sizes) bytes += LittleEndian(size);
  return bytes + LittleEndian(type) + LittleEndian(offset);
}

struct GgufParts {
  std::string magic = "GGUF";
  uint32_t version = 3;
  std::vector<std::string> keys = {}, tensors = {};
  std::string data = {};
  uint64_t alignment = 32;
  // Claimed instead of what is there.
  int64_t more_keys = 0, more_tensors = 0;
};

inline std::string GgufBytes(const GgufParts& parts) {
  std::string bytes = parts.magic + LittleEndian(parts.version) +
                      LittleEndian(parts.tensors.size() + static_cast<uint64_t>(parts.more_tensors)) +
                      LittleEndian(parts.keys.size() + static_cast<uint64_t>(parts.more_keys));
  for (const std::string& key : parts.keys) bytes += key;
  for (const std::string& tensor : parts.tensors) bytes += tensor;
  if (!parts.tensors.empty()) bytes.resize((bytes.size() + parts.alignment - 1) / parts.alignment * parts.alignment);
  return bytes + parts.data;
}

}  // namespace cllm
