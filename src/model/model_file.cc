#include "model/model_file.h"

#include <fmt/format.h>

#include <array>

#include "base/units.h"
#include "store/json.h"
#include "store/safetensors.h"

namespace cllm {
namespace {

constexpr uint64_t kModelFormat = 1;
constexpr const char* kFormatKey = "cllm_format";

struct Dimension {
  const char* name;
  size_t ModelConfig::*member;
};
constexpr std::array<Dimension, 6> kDimensions = {{{"layers", &ModelConfig::layers},
                                                   {"heads", &ModelConfig::heads},
                                                   {"width", &ModelConfig::width},
                                                   {"hidden", &ModelConfig::hidden},
                                                   {"context", &ModelConfig::context},
                                                   {"vocabulary", &ModelConfig::vocabulary}}};

std::vector<uint64_t> Shape(const TensorInfo& info) {
  if (info.role == TensorRole::kNorm) return {info.columns};
  return {info.rows, info.columns};
}

Result<uint64_t> Number(const SafetensorsFile& file, const std::string& key) {
  const auto entry = file.metadata().find(key);
  if (entry == file.metadata().end()) {
    return BadInput(fmt::format("{}: the metadata lacks '{}', expected a model that cllm wrote", file.path(), key));
  }
  const Result<uint64_t> value = ParseCount(entry->second);
  if (value.ok()) return value;
  return BadInput(fmt::format("{}: '{}' is '{}', expected a whole number", file.path(), key, entry->second));
}

Result<ModelConfig> ConfigOf(const SafetensorsFile& file) {
  CLLM_ASSIGN(const uint64_t format, Number(file, kFormatKey));
  CLLM_TRY(CheckFormatNumber(file.path(), format, kModelFormat));
  ModelConfig config;
  for (const Dimension& dimension : kDimensions) {
    CLLM_ASSIGN(config.*(dimension.member), Number(file, dimension.name));
  }
  if (const Status status = Validate(config); !status.ok()) {
    return BadInput(fmt::format("{}: {}", file.path(), status.message()));
  }
  // Before anyone allocates for that shape: the file must hold as much.
  size_t values = 0;
  for (const TensorView& tensor : file.tensors()) values += tensor.bytes.size() / sizeof(float);
  const size_t expected = ParameterLayout(config).parameters();
  if (values != expected) {
    return BadInput(fmt::format("{}: {} values, expected {} for the shape in its metadata", file.path(), values, expected));
  }
  return config;
}

}  // namespace

CheckpointFile ModelFile(const ModelConfig& config, const Parameters& parameters) {
  std::vector<TensorView> tensors;
  for (const TensorInfo& info : parameters.layout().tensors()) {
    tensors.push_back({info.name, DType::kF32, Shape(info), std::as_bytes(parameters.tensor(info))});
  }
  TensorMetadata metadata = {{kFormatKey, std::to_string(kModelFormat)}};
  for (const Dimension& dimension : kDimensions) metadata[dimension.name] = std::to_string(config.*(dimension.member));
  return TensorFile(kModelFileName, std::move(tensors), std::move(metadata));
}

Result<ModelConfig> ReadModelConfig(const std::string& path) {
  CLLM_ASSIGN(const SafetensorsFile file, SafetensorsFile::Open(path));
  return ConfigOf(file);
}

Status ReadModel(const std::string& path, const ModelConfig& config, Parameters& parameters) {
  CLLM_ASSIGN(const SafetensorsFile file, SafetensorsFile::Open(path));
  CLLM_ASSIGN(const ModelConfig found, ConfigOf(file));
  if (found != config) return BadInput(fmt::format("{}: the model has another shape than expected", path));
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
