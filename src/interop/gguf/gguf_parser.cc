#include "interop/gguf/gguf_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <utility>

namespace cllm {
namespace {

constexpr uint64_t kMaxText = uint64_t{1} << 30;  // bytes
constexpr uint64_t kMaxElements = uint64_t{1} << 30;
constexpr uint64_t kMaxNumbers = uint64_t{1} << 32;  // of a dimension
// A key has at least its length and its type; a tensor also sizes, type and place.
constexpr uint64_t kLeastKeyBytes = 8 + 4 + 1, kLeastTensorBytes = 8 + 4 + 8 + 4 + 8;

// Bytes of a value; 0 for those whose size varies, nothing for what is no type.
std::optional<uint64_t> SizeOf(GgufValueType type) {
  switch (type) {
    case GgufValueType::kUint8:
    case GgufValueType::kInt8:
    case GgufValueType::kBool:
      return 1;
    case GgufValueType::kUint16:
    case GgufValueType::kInt16:
      return 2;
    case GgufValueType::kUint32:
    case GgufValueType::kInt32:
    case GgufValueType::kFloat32:
      return 4;
    case GgufValueType::kUint64:
    case GgufValueType::kInt64:
    case GgufValueType::kFloat64:
      return 8;
    case GgufValueType::kText:
    case GgufValueType::kArray:
      return 0;
  }
  return std::nullopt;
}

// What other programs write, by number, for messages.
std::string NameOfType(uint32_t type) {
  static constexpr std::array<std::pair<uint32_t, const char*>, 12> kNames = {{{3, "Q4_1"},
                                                                               {6, "Q5_0"},
                                                                               {7, "Q5_1"},
                                                                               {9, "Q8_1"},
                                                                               {10, "Q2_K"},
                                                                               {11, "Q3_K"},
                                                                               {12, "Q4_K"},
                                                                               {13, "Q5_K"},
                                                                               {14, "Q6_K"},
                                                                               {15, "Q8_K"},
                                                                               {20, "IQ4_NL"},
                                                                               {23, "IQ4_XS"}}};
  for (const auto& [number, name] : kNames) {
    if (number == type) return fmt::format("{} ({})", type, name);
  }
  return fmt::format("{}", type);
}

bool IsRead(uint32_t type) {
  for (const GgufTensorType known : {GgufTensorType::kF32, GgufTensorType::kF16, GgufTensorType::kQ4_0,
                                     GgufTensorType::kQ8_0, GgufTensorType::kBF16}) {
    if (static_cast<uint32_t>(known) == type) return true;
  }
  return false;
}

bool IsBlocked(GgufTensorType type) { return type == GgufTensorType::kQ4_0 || type == GgufTensorType::kQ8_0; }

constexpr uint64_t kBlockSize = 32;

uint64_t Aligned(uint64_t bytes, uint64_t alignment) { return (bytes + alignment - 1) / alignment * alignment; }

}  // namespace

uint64_t GgufRowBytes(GgufTensorType type, uint64_t columns) {
  switch (type) {
    case GgufTensorType::kF32:
      return 4 * columns;
    case GgufTensorType::kF16:
    case GgufTensorType::kBF16:
      return 2 * columns;
    case GgufTensorType::kQ4_0:
      return columns / kBlockSize * 18;
    case GgufTensorType::kQ8_0:
      return columns / kBlockSize * 34;
  }
  return 0;
}

Status GgufParser::Fault(const std::string& fault) const {
  return BadInput(fmt::format("{}: {}", content_.label_, fault));
}

Status GgufParser::Cut(const std::string& what) const {
  return Fault(fmt::format("the file ends within {} at byte {} (damaged or cut?)", what, at_));
}

template <typename Number>
Result<Number> GgufParser::Take(const std::string& what) {
  if (left() < sizeof(Number)) return Cut(what);
  Number number;
  std::memcpy(&number, file_.data() + at_, sizeof number);
  at_ += sizeof number;
  return number;
}

Result<std::string_view> GgufParser::TakeText(const std::string& what, uint64_t most) {
  CLLM_ASSIGN(const uint64_t bytes, Take<uint64_t>(what));
  if (bytes > most) return Fault(fmt::format("{} is of {} bytes, expected at most {}", what, bytes, most));
  if (bytes > left()) return Cut(what);
  const std::string_view text = AsText(file_.subspan(at_, bytes));
  at_ += bytes;
  return text;
}

Result<uint64_t> GgufParser::TakeCount(const std::string& what, uint64_t most, uint64_t least_bytes) {
  CLLM_ASSIGN(const uint64_t count, Take<uint64_t>("the number of " + what));
  if (count <= most && count <= file_.size() / least_bytes) return count;
  return Fault(fmt::format("{} {}, expected at most {}", count, what, std::min(most, file_.size() / least_bytes)));
}

Result<GgufValueType> GgufParser::TakeType(const std::string& what) {
  CLLM_ASSIGN(const uint32_t number, Take<uint32_t>(what));
  const auto type = static_cast<GgufValueType>(number);
  if (!SizeOf(type)) return Fault(fmt::format("{} has the type {}, expected one from 0 to 12", what, number));
  return type;
}

Status GgufParser::SkipValues(const std::string& key, GgufValueType type, uint64_t count) {
  if (count > kMaxElements)
    return Fault(fmt::format("{} has {} elements, expected at most {}", key, count, kMaxElements));
  if (type == GgufValueType::kArray) return Fault(fmt::format("{} is an array of arrays, expected none", key));
  if (type == GgufValueType::kText) {
    for (uint64_t i = 0; i < count; ++i) CLLM_TRY(TakeText(key, kMaxText));
    return {};
  }
  const uint64_t bytes = *SizeOf(type) * count;  // below 2^33
  if (bytes > left()) return Cut(key);
  if (type == GgufValueType::kBool) {
    for (const std::byte value : file_.subspan(at_, bytes)) {
      if (value > std::byte{1}) return Fault(fmt::format("{} is neither false (0) nor true (1)", key));
    }
  }
  at_ += bytes;
  return {};
}

Status GgufParser::TakeValue(const std::string& key, GgufValue& value) {
  CLLM_ASSIGN(value.type, TakeType(key));
  value.element = value.type;
  if (value.type == GgufValueType::kArray) {
    CLLM_ASSIGN(value.element, TakeType(key));
    CLLM_ASSIGN(value.count, Take<uint64_t>(key));
  }
  const uint64_t start = at_;
  CLLM_TRY(SkipValues(key, value.element, value.count));
  value.bytes = file_.subspan(start, at_ - start);
  return {};
}

Status GgufParser::TakeKey(uint64_t number) {
  const std::string what = fmt::format("key {}", number);
  CLLM_ASSIGN(const std::string_view name, TakeText(what, kGgufMaxKey));
  if (name.empty()) return Fault(what + " is empty");
  const auto [entry, is_new] = content_.keys_.try_emplace(std::string(name));
  if (!is_new) return Fault(fmt::format("the key '{}' is there twice", name));
  return TakeValue(entry->first, entry->second);
}

Status GgufParser::TakeAlignment() {
  const auto entry = content_.keys_.find(kGgufAlignmentKey);
  if (entry == content_.keys_.end()) return {};
  if (entry->second.type != GgufValueType::kUint32) {
    return Fault(fmt::format("{} has the type {}, expected {} (u32)", kGgufAlignmentKey,
                             static_cast<uint32_t>(entry->second.type), static_cast<uint32_t>(GgufValueType::kUint32)));
  }
  CLLM_ASSIGN(alignment_, content_.Unsigned(kGgufAlignmentKey));
  if (std::has_single_bit(alignment_) && alignment_ <= kGgufMaxAlignment) return {};
  return Fault(
      fmt::format("{} is {}, expected a power of two up to {}", kGgufAlignmentKey, alignment_, kGgufMaxAlignment));
}

// Sizes are innermost first; a matrix has two. Returns the bytes.
Result<uint64_t> GgufParser::TakeColumnsAndRows(GgufTensor& tensor) {
  const std::string what = fmt::format("the tensor '{}'", tensor.name);
  CLLM_ASSIGN(const uint32_t dimensions, Take<uint32_t>(what));
  if (dimensions < 1 || dimensions > kGgufMaxDimensions) {
    return Fault(fmt::format("{} has {} dimensions, expected 1 to {}", what, dimensions, kGgufMaxDimensions));
  }
  std::array<uint64_t, kGgufMaxDimensions> sizes = {1, 1, 1, 1};
  for (uint32_t i = 0; i < dimensions; ++i) {
    CLLM_ASSIGN(sizes[i], Take<uint64_t>(what));
    if (sizes[i] >= 1 && sizes[i] <= kMaxNumbers) continue;
    return Fault(fmt::format("{} has the size {}, expected 1 to {}", what, sizes[i], kMaxNumbers));
  }
  if (sizes[2] != 1 || sizes[3] != 1) return Fault(fmt::format("{} has {} dimensions, expected 2", what, dimensions));
  tensor.columns = sizes[0], tensor.rows = sizes[1];
  CLLM_ASSIGN(const uint32_t type, Take<uint32_t>(what));
  if (!IsRead(type)) {
    return Fault(fmt::format("{} has the type {}, expected F32, F16, BF16, Q8_0 or Q4_0", what, NameOfType(type)));
  }
  tensor.type = static_cast<GgufTensorType>(type);
  if (IsBlocked(tensor.type) && tensor.columns % kBlockSize != 0) {
    return Fault(
        fmt::format("{} has rows of {}, expected a multiple of {} for its type", what, tensor.columns, kBlockSize));
  }
  const uint64_t row_bytes = GgufRowBytes(tensor.type, tensor.columns);  // at most 2^34
  if (tensor.rows > file_.size() / row_bytes) {
    return Fault(fmt::format("{} of {} by {} numbers is larger than the file", what, tensor.rows, tensor.columns));
  }
  return tensor.rows * row_bytes;
}

Status GgufParser::TakeTensor(uint64_t number) {
  CLLM_ASSIGN(const std::string_view name, TakeText(fmt::format("the name of tensor {}", number), kGgufMaxTensorName));
  GgufTensor tensor{.name = std::string(name)};
  CLLM_ASSIGN(const uint64_t bytes, TakeColumnsAndRows(tensor));
  CLLM_ASSIGN(const uint64_t offset, Take<uint64_t>(name.empty() ? "a tensor" : tensor.name));
  // The end of the one before, which lies within the file: both numbers are far below 2^64.
  uint64_t expected = 0;
  if (!content_.tensors_.empty()) {
    expected = Aligned(offsets_.back() + content_.tensors_.back().bytes.size(), alignment_);
  }
  if (offset != expected) {
    return Fault(fmt::format("the tensor '{}' begins at {}, expected {} after the one before", name, offset, expected));
  }
  if (bytes > file_.size() - std::min(offset, file_.size())) {
    return Fault(fmt::format("the tensor '{}' ends behind the file's end", name));
  }
  tensor.bytes = file_.first(bytes);  // its size; the place is known when all names are read
  content_.tensors_.push_back(std::move(tensor));
  offsets_.push_back(offset);
  return {};
}

Status GgufParser::PlaceTensors() {
  const uint64_t start = Aligned(at_, alignment_);
  uint64_t end = at_;
  for (size_t i = 0; i < content_.tensors_.size(); ++i) {
    GgufTensor& tensor = content_.tensors_[i];
    const uint64_t begin = start + offsets_[i], bytes = tensor.bytes.size();
    if (begin > file_.size() || bytes > file_.size() - begin) {
      return Fault(fmt::format("the tensor '{}' ends at byte {}, behind the file's end at {} (cut?)", tensor.name,
                               begin + bytes, file_.size()));
    }
    tensor.bytes = file_.subspan(begin, bytes);
    end = begin + bytes;
    if (!content_.index_.emplace(tensor.name, i).second) {
      return Fault(fmt::format("the tensor '{}' is there twice", tensor.name));
    }
  }
  if (file_.size() <= Aligned(end, alignment_)) return {};
  return Fault(fmt::format("{} bytes follow the last tensor, expected none", file_.size() - end));
}

Result<Gguf> GgufParser::Parse() && {
  if (file_.size() < kGgufMagic.size() || AsText(file_.first(kGgufMagic.size())) != kGgufMagic) {
    return Fault("expected a GGUF file, found another beginning");
  }
  at_ = kGgufMagic.size();
  CLLM_ASSIGN(const uint32_t version, Take<uint32_t>("the header"));
  if (version != kGgufVersion) {
    return Fault(fmt::format("found GGUF version {}, expected {}{}", version, kGgufVersion,
                             version > kGgufVersion && version % (1 << 24) == 0 ? " (the file is big-endian)" : ""));
  }
  CLLM_ASSIGN(const uint64_t tensors, TakeCount("tensors", kGgufMaxTensors, kLeastTensorBytes));
  CLLM_ASSIGN(const uint64_t keys, TakeCount("keys", kGgufMaxKeys, kLeastKeyBytes));
  for (uint64_t i = 0; i < keys; ++i) CLLM_TRY(TakeKey(i));
  CLLM_TRY(TakeAlignment());
  content_.tensors_.reserve(tensors);
  for (uint64_t i = 0; i < tensors; ++i) CLLM_TRY(TakeTensor(i));
  CLLM_TRY(PlaceTensors());
  return std::move(content_);
}

}  // namespace cllm
