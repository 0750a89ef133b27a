#include "store/safetensors_header.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/check.h"

namespace cllm {
namespace {

struct DTypeFacts {
  const char* name;
  size_t bytes;
};
// Indexed by DType.
constexpr std::array<DTypeFacts, 13> kDTypes{{{"BOOL", 1},
                                              {"U8", 1},
                                              {"I8", 1},
                                              {"I16", 2},
                                              {"U16", 2},
                                              {"F16", 2},
                                              {"BF16", 2},
                                              {"I32", 4},
                                              {"U32", 4},
                                              {"F32", 4},
                                              {"F64", 8},
                                              {"I64", 8},
                                              {"U64", 8}}};

std::optional<DType> DTypeOf(std::string_view name) {
  for (size_t i = 0; i < kDTypes.size(); ++i) {
    if (name == kDTypes[i].name) return static_cast<DType>(i);
  }
  return std::nullopt;
}

constexpr const char* kMetadataName = "__metadata__";
constexpr size_t kShown = 80;  // bytes of a found text in an error

std::string Shown(std::string_view text) {
  return text.size() <= kShown ? std::string(text) : std::string(text.substr(0, kShown)) + "...";
}

// Takes the parser's events one by one, so a hostile header is refused before anything is built from it.
class HeaderReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  SafetensorsHeader& header() { return header_; }
  const std::string& error() const { return error_; }

  bool null() override { return Unexpected("null"); }
  bool boolean(bool) override { return Unexpected("true or false"); }
  bool number_integer(int64_t value) override { return Unexpected(fmt::format("{}", value)); }
  bool number_float(double, const std::string& text) override { return Unexpected(Shown(text)); }
  bool binary(nlohmann::json::binary_t&) override { return Unexpected("a binary value"); }
  bool parse_error(size_t position, const std::string&, const nlohmann::json::exception&) override {
    return Fail(fmt::format("an error in the JSON text at byte {}", position));
  }

  bool start_object(size_t) override {
    if (state_ == State::kStart)
      state_ = State::kTop;
    else if (state_ == State::kMetadataStart)
      state_ = State::kMetadata;
    else if (state_ == State::kTensorStart)
      state_ = State::kTensor;
    else
      return Unexpected("an object");
    return true;
  }

  bool end_object() override {
    if (state_ == State::kTensor) {
      if (!(has_dtype_ && has_shape_ && has_offsets_)) {
        return Fail(fmt::format("tensor '{}' without dtype, shape or data_offsets", Shown(tensor().name)));
      }
      state_ = State::kTop;
    } else {
      state_ = state_ == State::kMetadata ? State::kTop : State::kEnd;
    }
    return true;
  }

  bool key(std::string& name) override {
    if (state_ == State::kTop) return TopKey(name);
    if (state_ == State::kMetadata) return MetadataKey(name);
    return TensorKey(name);
  }

  bool string(std::string& value) override {
    if (state_ == State::kMetadata) {
      header_.metadata[metadata_key_] = std::move(value);
      return true;
    }
    if (state_ != State::kDType) return Unexpected(fmt::format("the text '{}'", Shown(value)));
    const std::optional<DType> dtype = DTypeOf(value);
    if (!dtype) return Fail(fmt::format("tensor '{}' of the unknown dtype '{}'", Shown(tensor().name), Shown(value)));
    tensor().dtype = *dtype;
    state_ = State::kTensor;
    return true;
  }

  bool start_array(size_t) override {
    if (state_ == State::kShapeStart)
      state_ = State::kShape;
    else if (state_ == State::kOffsetsStart)
      state_ = State::kOffsets;
    else
      return Unexpected("an array");
    return true;
  }

  bool end_array() override {
    if (state_ == State::kOffsets && offsets_ != 2) {
      return Fail(fmt::format("tensor '{}' with {} data_offsets instead of 2", Shown(tensor().name), offsets_));
    }
    state_ = State::kTensor;
    return true;
  }

  bool number_unsigned(uint64_t value) override {
    if (state_ == State::kShape) {
      if (tensor().shape.size() == kMaxTensorDimensions) {
        return Fail(
            fmt::format("tensor '{}' with more than {} dimensions", Shown(tensor().name), kMaxTensorDimensions));
      }
      tensor().shape.push_back(value);
      return true;
    }
    if (state_ != State::kOffsets) return Unexpected(fmt::format("{}", value));
    if (offsets_ == 0) tensor().begin = value;
    if (offsets_ == 1) tensor().end = value;
    return ++offsets_ <= 2 ? true
                           : Fail(fmt::format("tensor '{}' with more than 2 data_offsets", Shown(tensor().name)));
  }

 private:
  enum class State {
    kStart,
    kTop,
    kMetadataStart,
    kMetadata,
    kTensorStart,
    kTensor,
    kDType,
    kShapeStart,
    kShape,
    kOffsetsStart,
    kOffsets,
    kEnd,
  };

  TensorEntry& tensor() { return header_.tensors.back(); }

  bool Fail(std::string error) {
    if (error_.empty()) error_ = std::move(error);
    return false;
  }

  bool Unexpected(const std::string& found) {
    const char* place = "at the top";
    if (state_ == State::kMetadata || state_ == State::kMetadataStart)
      place = "in __metadata__";
    else if (state_ == State::kShapeStart || state_ == State::kShape)
      place = "as a shape";
    else if (state_ == State::kOffsetsStart || state_ == State::kOffsets)
      place = "as data_offsets";
    else if (state_ == State::kDType)
      place = "as a dtype";
    else if (state_ != State::kStart && state_ != State::kTop)
      place = "as a tensor";
    const std::string of = header_.tensors.empty() ? "" : fmt::format(" (near tensor '{}')", Shown(tensor().name));
    return Fail(fmt::format("{} {}{}", found, place, of));
  }

  bool TopKey(std::string& name) {
    if (name == kMetadataName) {
      state_ = State::kMetadataStart;
      return has_metadata_ ? Fail("__metadata__ twice") : (has_metadata_ = true);
    }
    if (name.empty()) return Fail("a tensor without a name");
    if (name.size() > kMaxTensorName) {
      return Fail(fmt::format("a tensor name of {} bytes, more than {}", name.size(), kMaxTensorName));
    }
    if (header_.tensors.size() == kMaxTensors) return Fail(fmt::format("more than {} tensors", kMaxTensors));
    if (!names_.insert(name).second) return Fail(fmt::format("the tensor name '{}' twice", Shown(name)));
    header_.tensors.emplace_back().name = std::move(name);
    has_dtype_ = has_shape_ = has_offsets_ = false;
    state_ = State::kTensorStart;
    return true;
  }

  bool MetadataKey(std::string& name) {
    if (header_.metadata.contains(name)) return Fail(fmt::format("the metadata name '{}' twice", Shown(name)));
    if (header_.metadata.size() == kMaxTensors) return Fail(fmt::format("more than {} metadata", kMaxTensors));
    metadata_key_ = std::move(name);
    return true;
  }

  bool TensorKey(const std::string& name) {
    bool* seen = nullptr;
    if (name == "dtype") {
      seen = &has_dtype_;
      state_ = State::kDType;
    } else if (name == "shape") {
      seen = &has_shape_;
      state_ = State::kShapeStart;
    } else if (name == "data_offsets") {
      seen = &has_offsets_;
      offsets_ = 0;
      state_ = State::kOffsetsStart;
    } else {
      return Fail(fmt::format("the unknown field '{}' in tensor '{}'", Shown(name), Shown(tensor().name)));
    }
    if (*seen) return Fail(fmt::format("the field '{}' twice in tensor '{}'", name, Shown(tensor().name)));
    return *seen = true;
  }

  State state_ = State::kStart;
  SafetensorsHeader header_;
  std::set<std::string> names_;
  std::string metadata_key_;
  bool has_metadata_ = false;
  bool has_dtype_ = false, has_shape_ = false, has_offsets_ = false;  // of the tensor being read
  size_t offsets_ = 0;
  std::string error_;
};

}  // namespace

std::string DTypeName(DType dtype) { return kDTypes[static_cast<size_t>(dtype)].name; }

size_t DTypeBytes(DType dtype) { return kDTypes[static_cast<size_t>(dtype)].bytes; }

bool TensorBytes(const std::vector<uint64_t>& shape, DType dtype, uint64_t* bytes) {
  uint64_t product = 1;
  for (uint64_t size : shape) {
    if (__builtin_mul_overflow(product, size, &product)) return false;
  }
  return !__builtin_mul_overflow(product, uint64_t{DTypeBytes(dtype)}, bytes);
}

Result<SafetensorsHeader> ParseSafetensorsHeader(std::string_view text, const std::string& label) {
  if (!text.starts_with('{')) return BadInput(fmt::format("{}: expected a header that starts with '{{'", label));
  text = text.substr(0, text.find_last_not_of(' ') + 1);
  if (!text.ends_with('}')) return BadInput(fmt::format("{}: expected a header that ends with '}}' and spaces", label));
  HeaderReader reader;
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &reader)) {
    return BadInput(fmt::format("{}: expected a safetensors header, found {}", label, reader.error()));
  }
  return std::move(reader.header());
}

std::string WriteSafetensorsHeader(const SafetensorsHeader& header) {
  const auto quoted = [](const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  };
  std::vector<std::string> entries;
  std::vector<std::string> metadata;
  for (const auto& [name, value] : header.metadata) metadata.push_back(quoted(name) + ":" + quoted(value));
  if (!metadata.empty()) entries.push_back(fmt::format("\"{}\":{{{}}}", kMetadataName, fmt::join(metadata, ",")));
  for (const TensorEntry& tensor : header.tensors) {
    entries.push_back(fmt::format(R"({}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})", quoted(tensor.name),
                                  DTypeName(tensor.dtype), fmt::join(tensor.shape, ","), tensor.begin, tensor.end));
  }
  std::string text = fmt::format("{{{}}}", fmt::join(entries, ","));
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

}  // namespace cllm
