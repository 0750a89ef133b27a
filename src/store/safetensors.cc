#include "store/safetensors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <tuple>

#include "base/check.h"
#include "base/units.h"
#include "store/json.h"
#include "store/safetensors_header.h"

namespace cllm {
namespace {

constexpr size_t kLengthBytes = 8;  // the header's length, little-endian

std::string ShapeText(const std::vector<uint64_t>& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

// Tensors in the order of their bytes cover the buffer from 0 to its end without a hole, an overlap or a rest, and
// each is as long as its shape says.
Status CheckCoverage(const std::vector<TensorEntry>& tensors, uint64_t buffer, const std::string& label) {
  uint64_t at = 0;
  for (const TensorEntry& tensor : tensors) {
    if (tensor.begin != at || tensor.end < tensor.begin || tensor.end > buffer) {
      return BadInput(fmt::format("{}: tensor '{}': expected its bytes to start at {} and end by {}, found {} to {}",
                                  label, tensor.name, at, buffer, tensor.begin, tensor.end));
    }
    uint64_t bytes = 0;
    if (!TensorBytes(tensor.shape, tensor.dtype, &bytes)) {
      return BadInput(
          fmt::format("{}: tensor '{}': the shape {} exceeds 64 bits", label, tensor.name, ShapeText(tensor.shape)));
    }
    if (bytes != tensor.end - tensor.begin) {
      return BadInput(fmt::format("{}: tensor '{}': expected {} bytes for {} {}, found {}", label, tensor.name, bytes,
                                  DTypeName(tensor.dtype), ShapeText(tensor.shape), tensor.end - tensor.begin));
    }
    at = tensor.end;
  }
  if (at == buffer) return {};
  return BadInput(fmt::format("{}: expected {} bytes of tensors, found {} (damaged or cut?)", label, at, buffer));
}

std::vector<WritableTensor> Writable(const std::vector<TensorView>& views) {
  std::vector<WritableTensor> tensors;
  for (const TensorView& view : views) {
    uint64_t bytes = 0;
    CHECK(TensorBytes(view.shape, view.dtype, &bytes) && bytes == view.bytes.size());
    tensors.push_back(
        {view.name, view.dtype, view.shape, [bytes = view.bytes](ByteSink& sink) { return sink.Append(bytes); }});
  }
  return tensors;
}

}  // namespace

Result<Safetensors> ParseSafetensors(ByteView file, const std::string& label) {
  if (file.size() < kLengthBytes) {
    return BadInput(fmt::format("{}: expected a safetensors file, found {} bytes", label, file.size()));
  }
  uint64_t length = 0;
  std::memcpy(&length, file.data(), kLengthBytes);
  const uint64_t rest = file.size() - kLengthBytes;
  if (length > kMaxSafetensorsHeader || length > rest) {
    return BadInput(fmt::format("{}: expected a safetensors header of at most {} bytes, found one of {}", label,
                                std::min(rest, kMaxSafetensorsHeader), length));
  }
  CLLM_ASSIGN(SafetensorsHeader header, ParseSafetensorsHeader(AsText(file.subspan(kLengthBytes, length)), label));
  std::sort(header.tensors.begin(), header.tensors.end(), [](const TensorEntry& a, const TensorEntry& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  const ByteView buffer = file.subspan(kLengthBytes + length);
  CLLM_TRY(CheckCoverage(header.tensors, buffer.size(), label));
  Safetensors content;
  content.metadata = std::move(header.metadata);
  content.tensors.reserve(header.tensors.size());
  for (TensorEntry& tensor : header.tensors) {
    const ByteView bytes = buffer.subspan(tensor.begin, tensor.end - tensor.begin);
    content.tensors.push_back({std::move(tensor.name), tensor.dtype, std::move(tensor.shape), bytes});
  }
  return content;
}

SafetensorsFile::SafetensorsFile(MappedFile file, Safetensors content)
    : file_(std::move(file)), content_(std::move(content)) {
  // The names' characters move with the vector's storage, so these views stay good when the object moves.
  for (size_t i = 0; i < content_.tensors.size(); ++i) index_[content_.tensors[i].name] = i;
}

Result<SafetensorsFile> SafetensorsFile::Open(const std::string& path) {
  CLLM_ASSIGN(MappedFile file, MappedFile::Open(path));
  CLLM_ASSIGN(Safetensors content, ParseSafetensors(file.bytes(), path));
  return SafetensorsFile(std::move(file), std::move(content));
}

const TensorView* SafetensorsFile::Find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &content_.tensors[found->second];
}

Result<uint64_t> SafetensorsFile::Format(uint64_t newest) const {
  const auto entry = metadata().find(kFormatKey);
  const Result<uint64_t> format = ParseCount(entry == metadata().end() ? "" : entry->second);
  if (!format.ok()) return BadInput(fmt::format("{}: expected a format number in the metadata, found none", path()));
  CLLM_TRY(CheckFormatNumber(path(), *format, newest));
  return format;
}

Status SafetensorsFile::Copy(std::string_view name, DType dtype, const std::vector<uint64_t>& shape,
                             std::span<std::byte> out) const {
  const TensorView* tensor = Find(name);
  if (tensor == nullptr) return BadInput(fmt::format("{}: the tensor '{}' is missing", path(), name));
  if (tensor->dtype != dtype || tensor->shape != shape) {
    return BadInput(fmt::format("{}: the tensor '{}': expected {} {}, found {} {}", path(), name, DTypeName(dtype),
                                ShapeText(shape), DTypeName(tensor->dtype), ShapeText(tensor->shape)));
  }
  CHECK(out.size() == tensor->bytes.size());
  if (!out.empty()) std::memcpy(out.data(), tensor->bytes.data(), out.size());
  return {};
}

Status SafetensorsFile::Read(std::string_view name, const std::vector<uint64_t>& shape, std::span<float> out) const {
  return Copy(name, DType::kF32, shape, std::as_writable_bytes(out));
}

Status SafetensorsFile::Read(std::string_view name, const std::vector<uint64_t>& shape, std::span<double> out) const {
  return Copy(name, DType::kF64, shape, std::as_writable_bytes(out));
}

Status SafetensorsFile::Read(std::string_view name, const std::vector<uint64_t>& shape, std::span<int64_t> out) const {
  return Copy(name, DType::kI64, shape, std::as_writable_bytes(out));
}

Status SafetensorsFile::Read(std::string_view name, const std::vector<uint64_t>& shape, std::span<uint8_t> out) const {
  return Copy(name, DType::kU8, shape, std::as_writable_bytes(out));
}

SafetensorsWriter::SafetensorsWriter(std::vector<WritableTensor> tensors, TensorMetadata metadata)
    : tensors_(std::move(tensors)) {
  std::sort(tensors_.begin(), tensors_.end(), [](const WritableTensor& a, const WritableTensor& b) {
    return a.dtype != b.dtype ? a.dtype > b.dtype : a.name < b.name;
  });
  SafetensorsHeader header;
  header.metadata = std::move(metadata);
  header.metadata.emplace("format", "pt");
  uint64_t at = 0;
  for (const WritableTensor& tensor : tensors_) {
    uint64_t bytes = 0;
    CHECK(TensorBytes(tensor.shape, tensor.dtype, &bytes));
    header.tensors.push_back({tensor.name, tensor.dtype, tensor.shape, at, at + bytes});
    at += bytes;
  }
  const std::string text = WriteSafetensorsHeader(header);
  CHECK(text.size() <= kMaxSafetensorsHeader && ParseSafetensorsHeader(text, "").ok());  // names as required
  const uint64_t length = text.size();
  prefix_.assign(reinterpret_cast<const char*>(&length), kLengthBytes);
  prefix_ += text;
  bytes_ = prefix_.size() + at;
}

SafetensorsWriter::SafetensorsWriter(std::vector<TensorView> tensors, TensorMetadata metadata)
    : SafetensorsWriter(Writable(tensors), std::move(metadata)) {}

Status SafetensorsWriter::Write(ByteSink& sink) const {
  CLLM_TRY(sink.Append(AsBytes(prefix_)));
  for (const WritableTensor& tensor : tensors_) CLLM_TRY(tensor.write(sink));
  return {};
}

}  // namespace cllm
