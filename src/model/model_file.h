#pragma once

#include <memory>
#include <string>

#include "model/parameters.h"
#include "store/checkpoint.h"

namespace cllm {

inline constexpr const char* kModelFileName = "model.safetensors";

// model.safetensors of the given weights: the tensors, and in the metadata the model's shape and a format number. Equal
// weights make equal files. Views the parameters until written.
CheckpointFile ModelFile(const ModelConfig& config, const Parameters& parameters);

// The shape that a model file states. Error (BadInput): not a model file of ours, a newer format, numbers out of range.
Result<ModelConfig> ReadModelConfig(const std::string& path);

// Reads the tensors into `parameters`, which has the file's shape. Error (BadInput): damaged, or another shape.
Status ReadModel(const std::string& path, const ModelConfig& config, Parameters& parameters);

}  // namespace cllm
