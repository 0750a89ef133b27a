#pragma once

#include <memory>
#include <string>

#include "model/parameters.h"
#include "store/checkpoint.h"

namespace cllm {

inline constexpr const char* kModelFileName = "model.safetensors";

// model.safetensors of the given weights: the tensors, and in the metadata a format number and the model's dimensions.
// Equal weights make equal files. Views the parameters until written.
//
// Format 2: the metadata has every dimension of model/shape.h by name; tensors are F32. Format 1 lacks the dimensions
// that have a value of their own when they are not named (kv_heads, head_dim, untied, rope_base, norm_eps).
CheckpointFile ModelFile(const Parameters& parameters);

// The shape that a model file states. Error (BadInput): not a model file of ours, a newer format, numbers out of range or
// against each other, dimensions that the file's format does not have, fewer or more values than the shape needs.
Result<ModelShape> ReadModelShape(const std::string& path);

// Reads the tensors into `parameters`, which have the file's shape. Error (BadInput): damaged, or another shape.
Status ReadModel(const std::string& path, Parameters& parameters);

}  // namespace cllm
