#include "model/model_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "base/check.h"
#include "store/safetensors.h"

namespace cllm {
namespace {

constexpr uint64_t kModelFormat = 3;
constexpr const char* kHeadName = "head";
// Before a tensor's name in the metadata: its type, if the file's own type of it does not tell.
constexpr const char* kTypePrefix = "type.";

// The type that safetensors knows.
DType StoredType(TensorType type) {
  switch (type) {
    case TensorType::kF32: return DType::kF32;
    case TensorType::kF16: return DType::kF16;
    case TensorType::kBF16: return DType::kBF16;
    case TensorType::kQ8_0: return DType::kU8;
  }
  CHECK(false);
}

// The shape that a file states for a tensor; one of bytes has as many columns as a row has bytes.
std::vector<uint64_t> StoredShape(const TensorInfo& info, TensorType type) {
  const uint64_t columns = StoredType(type) == DType::kU8 ? RowBytes(type, info.columns) : info.columns;
  if (info.is_norm()) return {columns};
  return {info.rows, columns};
}

Status AtPath(const SafetensorsFile& file, const Status& status) {
  return BadInput(fmt::format("{}: {}", file.path(), status.message()));
}

// The first format that says all of a shape: readers of former formats read the files of all models that they know.
uint64_t FormatOf(const ModelShape& shape) {
  const ModelShape plain;
  uint64_t format = 2;
  for (const Dimension& dimension : Dimensions()) {
    if (dimension.Text(shape) != dimension.Text(plain)) format = std::max(format, dimension.since);
  }
  return format;
}

// One dimension from the metadata. Files of a format have none that came with a later one.
Status ReadDimension(const SafetensorsFile& file, uint64_t format, const Dimension& dimension, ModelShape& shape) {
  const auto entry = file.metadata().find(std::string(dimension.name));
  const bool there = entry != file.metadata().end();
  if (dimension.since > format) {
    if (!there) return {};
    return BadInput(
        fmt::format("{}: the metadata has {} '{}', which a file of format {} does not have; expected format {}",
                    file.path(), dimension.name, entry->second, format, dimension.since));
  }
  if (!there) {
    return BadInput(
        fmt::format("{}: the metadata lacks '{}', expected a model that cllm wrote", file.path(), dimension.name));
  }
  const Status status = dimension.Set(shape, entry->second);
  return status.ok() ? status : AtPath(file, status);
}

// The derived dimensions of a file that does not name them.
Status DeriveDimensions(ModelShape& shape) {
  shape.kv_heads = shape.heads;
  CLLM_ASSIGN(shape.head_dim, DefaultHeadDim(shape.heads, shape.width));
  return {};
}

// The dimensions in the metadata; they fit one another.
Result<ModelShape> ReadDimensions(const SafetensorsFile& file, uint64_t format) {
  ModelShape shape;
  for (const Dimension& dimension : Dimensions()) CLLM_TRY(ReadDimension(file, format, dimension, shape));
  Status status = format == 1 ? DeriveDimensions(shape) : Status();
  if (status.ok()) status = Validate(shape);
  if (!status.ok()) return AtPath(file, status);
  return shape;
}

Result<TensorType> TypeOf(const SafetensorsFile& file, uint64_t format, const TensorView& tensor) {
  const auto entry = file.metadata().find(kTypePrefix + tensor.name);
  const std::string stored = DTypeName(tensor.dtype), name = entry == file.metadata().end() ? stored : entry->second;
  const std::optional<TensorType> type = FindTensorType(name);
  const bool fits = type && StoredType(*type) == tensor.dtype;
  if (fits && (format > 1 || *type == TensorType::kF32)) return *type;
  return BadInput(fmt::format("{}: the tensor '{}' has type '{}' in {}, expected {} in a file of format {}",
                              file.path(), tensor.name, name, stored,
                              format == 1 ? "F32" : "F32, F16, BF16 or, as 'Q8_0' in the metadata, U8", format));
}

// A tied model has no head's tensor, another has one.
Status CheckHead(const SafetensorsFile& file, const ModelShape& shape) {
  const bool there = file.Find(kHeadName) != nullptr;
  if (there == shape.untied) return {};
  return BadInput(fmt::format("{}: untied is {}, expected {} because the file has {} tensor '{}'", file.path(),
                              shape.untied, there, there ? "a" : "no", kHeadName));
}

// The tensor is there with the shape that the dimensions give it.
Result<TensorType> CheckTensor(const SafetensorsFile& file, uint64_t format, const TensorInfo& info) {
  const TensorView* tensor = file.Find(info.name);
  if (tensor == nullptr) return BadInput(fmt::format("{}: the tensor '{}' is missing", file.path(), info.name));
  CLLM_ASSIGN(const TensorType type, TypeOf(file, format, *tensor));
  const std::vector<uint64_t> expected = StoredShape(info, type);
  if (tensor->shape == expected) return type;
  return BadInput(fmt::format("{}: the tensor '{}' is {} [{}], expected [{}] by the dimensions in the metadata",
                              file.path(), info.name, NameOf(type), fmt::join(tensor->shape, ", "),
                              fmt::join(expected, ", ")));
}

// A file that holds what its metadata say.
struct CheckedFile {
  SafetensorsFile file;
  ModelShape shape;
  std::vector<TensorType> types;  // of the layout's tensors
};

// Takes memory for what the file holds, not for what it claims.
Result<CheckedFile> OpenChecked(const std::string& path) {
  CLLM_ASSIGN(SafetensorsFile file, SafetensorsFile::Open(path));
  CLLM_ASSIGN(const uint64_t format, file.Format(kModelFormat));
  CLLM_ASSIGN(const ModelShape shape, ReadDimensions(file, format));
  CLLM_TRY(CheckHead(file, shape));
  const ParameterLayout layout(shape);
  std::vector<TensorType> types;
  for (const TensorInfo& info : layout.tensors()) {
    CLLM_ASSIGN(const TensorType type, CheckTensor(file, format, info));
    types.push_back(type);
  }
  if (file.tensors().size() != types.size()) {
    return BadInput(fmt::format("{}: {} tensors, expected {} by the dimensions in the metadata", path,
                                file.tensors().size(), types.size()));
  }
  return CheckedFile{std::move(file), shape, std::move(types)};
}

TensorMetadata MetadataOf(const ModelShape& shape) {
  const uint64_t format = FormatOf(shape);
  TensorMetadata metadata = {{kFormatKey, std::to_string(format)}};
  for (const Dimension& dimension : Dimensions()) {
    if (dimension.since <= format) metadata[std::string(dimension.name)] = dimension.Text(shape);
  }
  return metadata;
}

Status CheckSameShape(const std::string& path, const ModelShape& found, const ModelShape& expected) {
  for (const Dimension& dimension : Dimensions()) {
    const std::string there = dimension.Text(found), wanted = dimension.Text(expected);
    if (there != wanted) return BadInput(fmt::format("{}: {} is {}, expected {}", path, dimension.name, there, wanted));
  }
  return {};
}

}  // namespace

CheckpointFile ModelFile(const Parameters& parameters, TensorType matrices) {
  std::vector<TensorRows> tensors;
  for (const TensorInfo& info : parameters.layout().tensors()) {
    tensors.push_back(RowsOf(parameters, info, info.is_norm() ? TensorType::kF32 : matrices));
  }
  return ModelFile(parameters.shape(), std::move(tensors));
}

CheckpointFile ModelFile(const ModelShape& shape, std::vector<TensorRows> tensors) {
  TensorMetadata metadata = MetadataOf(shape);
  std::vector<WritableTensor> writable;
  const ParameterLayout layout(shape);
  CHECK(tensors.size() == layout.tensors().size());
  for (const TensorInfo& info : layout.tensors()) {
    TensorRows& rows = tensors[info.index];
    CHECK(rows.rows == info.rows && rows.columns == info.columns && (!info.is_norm() || rows.type == TensorType::kF32));
    if (StoredType(rows.type) == DType::kU8) metadata[kTypePrefix + info.name] = NameOf(rows.type);
    writable.push_back({info.name, StoredType(rows.type), StoredShape(info, rows.type),
                        [rows = std::move(rows)](ByteSink& sink) { return WriteRows(rows, sink); }});
  }
  return TensorFile(kModelFileName, std::move(writable), std::move(metadata));
}

Result<ModelShape> ReadModelShape(const std::string& path) {
  CLLM_ASSIGN(const CheckedFile checked, OpenChecked(path));
  return checked.shape;
}

Result<StoredModel> OpenModelFile(const std::string& path) {
  CLLM_ASSIGN(CheckedFile checked, OpenChecked(path));
  const auto file = std::make_shared<const SafetensorsFile>(std::move(checked.file));
  StoredModel model{.shape = checked.shape, .tensors = {}, .sources = {file}};
  const ParameterLayout layout(model.shape);
  for (const TensorInfo& info : layout.tensors()) {
    const TensorType type = checked.types[info.index];
    model.tensors.push_back({.type = type,
                             .rows = info.rows,
                             .columns = info.columns,
                             .read = [bytes = file->Find(info.name)->bytes](size_t row, std::span<std::byte> out) {
                               std::memcpy(out.data(), bytes.data() + row * out.size(), out.size());
                             }});
  }
  return model;
}

Status ReadModel(const std::string& path, Parameters& parameters) {
  CLLM_ASSIGN(const StoredModel model, OpenModelFile(path));
  CLLM_TRY(CheckSameShape(path, model.shape, parameters.shape()));
  ReadInto(model, parameters);
  return {};
}

}  // namespace cllm
