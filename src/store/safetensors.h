#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/file.h"
#include "base/status.h"
#include "store/file_system.h"

// The safetensors format: a JSON header with names, types, shapes and offsets, then the tensors' bytes
// (https://github.com/huggingface/safetensors, README "Format").
namespace cllm {

// In the order of the format's reference implementation: files hold the last of these first.
enum class DType { kBool, kU8, kI8, kI16, kU16, kF16, kBF16, kI32, kU32, kF32, kF64, kI64, kU64 };

std::string DTypeName(DType dtype);  // "F32"
size_t DTypeBytes(DType dtype);

// A named tensor, row-major. The bytes belong to someone else (the mapped file, or the caller who writes).
struct TensorView {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<uint64_t> shape;  // empty: one value
  ByteView bytes;               // the product of the shape times DTypeBytes
};

// "__metadata__": text by name, sorted.
using TensorMetadata = std::map<std::string, std::string>;

// The metadata of our own files names the format of what they hold here, as a whole number.
inline constexpr const char* kFormatKey = "cllm_format";

// Limits on files that are read.
inline constexpr uint64_t kMaxSafetensorsHeader = 100'000'000;  // bytes, from the format
inline constexpr size_t kMaxTensors = 100'000;
inline constexpr size_t kMaxTensorName = 1024;  // bytes
inline constexpr size_t kMaxTensorDimensions = 16;

// What a file holds: tensors in file order, views into the bytes given.
struct Safetensors {
  std::vector<TensorView> tensors;
  TensorMetadata metadata;
};

// Reads a whole file's bytes, checking all that the format demands (sizes, overflow, contiguity, duplicates, no
// trailing bytes); `label` names it in errors, which are BadInput.
Result<Safetensors> ParseSafetensors(ByteView file, const std::string& label);

// A safetensors file, mapped. Owns the mapping its views point into; movable, immutable.
class SafetensorsFile {
 public:
  // Error: BadInput naming the path, what was expected and what was found.
  static Result<SafetensorsFile> Open(const std::string& path);

  const std::string& path() const { return file_.path(); }
  const std::vector<TensorView>& tensors() const { return content_.tensors; }
  const TensorMetadata& metadata() const { return content_.metadata; }
  const TensorView* Find(std::string_view name) const;  // nullptr if absent

  // The number that kFormatKey has. Error (BadInput): none, or not from 1 to `newest`.
  Result<uint64_t> Format(uint64_t newest) const;

  // Copies a tensor out. Error (BadInput): absent, or of another type or shape. REQUIRES: out.size() is the product of
  // `shape`.
  Status Read(std::string_view name, const std::vector<uint64_t>& shape, std::span<float> out) const;
  Status Read(std::string_view name, const std::vector<uint64_t>& shape, std::span<double> out) const;
  Status Read(std::string_view name, const std::vector<uint64_t>& shape, std::span<int64_t> out) const;
  Status Read(std::string_view name, const std::vector<uint64_t>& shape, std::span<uint8_t> out) const;

 private:
  SafetensorsFile(MappedFile file, Safetensors content);
  Status Copy(std::string_view name, DType dtype, const std::vector<uint64_t>& shape, std::span<std::byte> out) const;

  MappedFile file_;
  Safetensors content_;
  std::map<std::string_view, size_t> index_;  // into content_.tensors, whose names it views
};

// A tensor about to be written: write appends the product of the shape times DTypeBytes.
struct WritableTensor {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<uint64_t> shape;
  std::function<Status(ByteSink&)> write;
};

// A file about to be written. The order of tensors, the header and so every byte depend on names, types, shapes,
// metadata and values only.
class SafetensorsWriter {
 public:
  // "format": "pt" is added to the metadata, as readers expect. REQUIRES: names unique, not empty, not
  // "__metadata__", valid UTF-8; shapes fit 64 bits.
  SafetensorsWriter(std::vector<WritableTensor> tensors, TensorMetadata metadata);
  // The same of views, whose bytes are read when the file is written. REQUIRES: bytes match shapes.
  SafetensorsWriter(std::vector<TensorView> tensors, TensorMetadata metadata);

  uint64_t bytes() const { return bytes_; }  // of the whole file
  Status Write(ByteSink& sink) const;

 private:
  std::vector<WritableTensor> tensors_;  // in file order
  std::string prefix_;                   // length and header
  uint64_t bytes_ = 0;
};

}  // namespace cllm
