#include "model/model_file.h"

#include <fmt/format.h>

#include "base/units.h"
#include "store/json.h"
#include "store/safetensors.h"

namespace cllm {
namespace {

constexpr uint64_t kModelFormat = 2;

std::vector<uint64_t> Shape(const TensorInfo& info) {
  if (info.is_norm()) return {info.columns};
  return {info.rows, info.columns};
}

Status AtPath(const SafetensorsFile& file, const Status& status) {
  return BadInput(fmt::format("{}: {}", file.path(), status.message()));
}

// One dimension from the metadata. Files of format 1 have none of the derived ones.
Status ReadDimension(const SafetensorsFile& file, uint64_t format, const Dimension& dimension, ModelShape& shape) {
  const auto entry = file.metadata().find(std::string(dimension.name));
  const bool there = entry != file.metadata().end();
  if (dimension.derived && format == 1) {
    if (!there) return {};
    return BadInput(fmt::format("{}: the metadata has {} '{}', which a file of format 1 does not have; expected format {}",
                                file.path(), dimension.name, entry->second, kModelFormat));
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

Result<ModelShape> ShapeOf(const SafetensorsFile& file) {
  CLLM_ASSIGN(const uint64_t format, file.Format(kModelFormat));
  ModelShape shape;
  for (const Dimension& dimension : Dimensions()) CLLM_TRY(ReadDimension(file, format, dimension, shape));
  Status status = format == 1 ? DeriveDimensions(shape) : Status();
  if (status.ok()) status = Validate(shape);
  if (!status.ok()) return AtPath(file, status);
  // Before anyone allocates for that shape: the file must hold as much.
  size_t values = 0;
  for (const TensorView& tensor : file.tensors()) values += tensor.bytes.size() / sizeof(float);
  const size_t expected = ParameterLayout(shape).parameters();
  if (values != expected) {
    return BadInput(fmt::format("{}: {} values, expected {} for the shape in its metadata", file.path(), values, expected));
  }
  return shape;
}

Status CheckSameShape(const std::string& path, const ModelShape& found, const ModelShape& expected) {
  for (const Dimension& dimension : Dimensions()) {
    const std::string there = dimension.Text(found), wanted = dimension.Text(expected);
    if (there != wanted) return BadInput(fmt::format("{}: {} is {}, expected {}", path, dimension.name, there, wanted));
  }
  return {};
}

}  // namespace

CheckpointFile ModelFile(const Parameters& parameters) {
  std::vector<TensorView> tensors;
  for (const TensorInfo& info : parameters.layout().tensors()) {
    tensors.push_back({info.name, DType::kF32, Shape(info), std::as_bytes(parameters.tensor(info))});
  }
  TensorMetadata metadata = {{kFormatKey, std::to_string(kModelFormat)}};
  for (const Dimension& dimension : Dimensions()) {
    metadata[std::string(dimension.name)] = dimension.Text(parameters.shape());
  }
  return TensorFile(kModelFileName, std::move(tensors), std::move(metadata));
}

Result<ModelShape> ReadModelShape(const std::string& path) {
  CLLM_ASSIGN(const SafetensorsFile file, SafetensorsFile::Open(path));
  return ShapeOf(file);
}

Status ReadModel(const std::string& path, Parameters& parameters) {
  CLLM_ASSIGN(const SafetensorsFile file, SafetensorsFile::Open(path));
  CLLM_ASSIGN(const ModelShape found, ShapeOf(file));
  CLLM_TRY(CheckSameShape(path, found, parameters.shape()));
  if (file.tensors().size() != parameters.layout().tensors().size()) {
    return BadInput(fmt::format("{}: {} tensors, expected {}", path, file.tensors().size(),
                                parameters.layout().tensors().size()));
  }
  for (const TensorInfo& info : parameters.layout().tensors()) {
    CLLM_TRY(file.Read(info.name, Shape(info), parameters.tensor(info)));
  }
  return {};
}

}  // namespace cllm
