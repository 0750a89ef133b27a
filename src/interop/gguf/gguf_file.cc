#include "interop/gguf/gguf_file.h"

#include <fmt/format.h>

#include <cstring>
#include <functional>
#include <limits>

#include "base/units.h"
#include "interop/gguf/gguf_parser.h"

namespace cllm {
namespace {

template <typename Number>
Number NumberAt(ByteView bytes, uint64_t index) {
  Number number;
  std::memcpy(&number, bytes.data() + index * sizeof number, sizeof number);
  return number;
}

// A whole number of whatever width, or nothing: of another kind, or beyond 63 bits.
std::optional<int64_t> WholeAt(const GgufValue& value, uint64_t index) {
  switch (value.element) {
    case GgufValueType::kUint8:
      return NumberAt<uint8_t>(value.bytes, index);
    case GgufValueType::kInt8:
      return NumberAt<int8_t>(value.bytes, index);
    case GgufValueType::kUint16:
      return NumberAt<uint16_t>(value.bytes, index);
    case GgufValueType::kInt16:
      return NumberAt<int16_t>(value.bytes, index);
    case GgufValueType::kUint32:
      return NumberAt<uint32_t>(value.bytes, index);
    case GgufValueType::kInt32:
      return NumberAt<int32_t>(value.bytes, index);
    case GgufValueType::kInt64:
      return NumberAt<int64_t>(value.bytes, index);
    case GgufValueType::kUint64: {
      const uint64_t number = NumberAt<uint64_t>(value.bytes, index);
      if (number <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return static_cast<int64_t>(number);
      return std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

bool IsArray(const GgufValue& value) { return value.type == GgufValueType::kArray; }

// What a person wrote who then stored it in single precision: 1e-05, not 9.999999747378752e-06.
double ShortestDecimal(float value) {
  const Result<double> parsed = ParseReal(fmt::format("{}", value));
  return parsed.ok() ? *parsed : static_cast<double>(value);
}

}  // namespace

Result<Gguf> Gguf::Parse(ByteView file, std::string label) { return GgufParser(file, std::move(label)).Parse(); }

const GgufTensor* Gguf::FindTensor(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &tensors_[found->second];
}

Status Gguf::Wrong(std::string_view key, std::string_view expected) const {
  return BadInput(fmt::format("{}: the key '{}' is not {}", label_, key, expected));
}

Result<const GgufValue*> Gguf::Find(std::string_view key) const {
  const auto found = keys_.find(key);
  if (found == keys_.end()) return BadInput(fmt::format("{}: the key '{}' is missing", label_, key));
  return &found->second;
}

Result<uint64_t> Gguf::Unsigned(std::string_view key) const {
  CLLM_ASSIGN(const GgufValue* value, Find(key));
  const std::optional<int64_t> number = IsArray(*value) ? std::nullopt : WholeAt(*value, 0);
  if (!number || *number < 0) return Wrong(key, "a whole number of at least 0");
  return static_cast<uint64_t>(*number);
}

Result<double> Gguf::Real(std::string_view key) const {
  CLLM_ASSIGN(const GgufValue* value, Find(key));
  if (value->type == GgufValueType::kFloat32) return ShortestDecimal(NumberAt<float>(value->bytes, 0));
  if (value->type == GgufValueType::kFloat64) return NumberAt<double>(value->bytes, 0);
  return Wrong(key, "a real number");
}

Result<bool> Gguf::Flag(std::string_view key) const {
  CLLM_ASSIGN(const GgufValue* value, Find(key));
  if (value->type != GgufValueType::kBool) return Wrong(key, "true or false");
  return NumberAt<uint8_t>(value->bytes, 0) != 0;
}

Result<std::string> Gguf::Text(std::string_view key) const {
  CLLM_ASSIGN(const GgufValue* value, Find(key));
  if (value->type != GgufValueType::kText) return Wrong(key, "a text");
  return std::string(AsText(value->bytes.subspan(sizeof(uint64_t))));
}

Result<const GgufValue*> Gguf::FindArray(std::string_view key, uint64_t most) const {
  CLLM_ASSIGN(const GgufValue* value, Find(key));
  if (!IsArray(*value)) return Wrong(key, "an array");
  if (value->count <= most) return value;
  return BadInput(
      fmt::format("{}: the key '{}' has {} elements, expected at most {}", label_, key, value->count, most));
}

Result<std::vector<std::string>> Gguf::Texts(std::string_view key, uint64_t most) const {
  CLLM_ASSIGN(const GgufValue* value, FindArray(key, most));
  std::vector<std::string> texts;
  if (value->count == 0) return texts;  // of whatever kind
  if (value->element != GgufValueType::kText) return Wrong(key, "an array of texts");
  for (ByteView rest = value->bytes; !rest.empty();) {
    const uint64_t bytes = NumberAt<uint64_t>(rest, 0);
    texts.emplace_back(AsText(rest.subspan(sizeof bytes, bytes)));
    rest = rest.subspan(sizeof bytes + bytes);
  }
  return texts;
}

Result<std::vector<int64_t>> Gguf::Numbers(std::string_view key, uint64_t most) const {
  CLLM_ASSIGN(const GgufValue* value, FindArray(key, most));
  std::vector<int64_t> numbers;
  for (uint64_t i = 0; i < value->count; ++i) {
    const std::optional<int64_t> number = WholeAt(*value, i);
    if (!number) return Wrong(key, "an array of whole numbers");
    numbers.push_back(*number);
  }
  return numbers;
}

Result<GgufFile> GgufFile::Open(const std::string& path) {
  CLLM_ASSIGN(MappedFile file, MappedFile::Open(path));
  CLLM_ASSIGN(Gguf content, Gguf::Parse(file.bytes(), path));
  return GgufFile(std::move(file), std::move(content));
}

}  // namespace cllm
