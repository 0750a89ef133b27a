#pragma once

#include <string>
#include <vector>

#include "model/parameters.h"
#include "model/stored_model.h"
#include "model/tensor_rows.h"
#include "model/tensor_types.h"
#include "store/checkpoint.h"

namespace cllm {

inline constexpr const char* kModelFileName = "model.safetensors";

// model.safetensors of the given weights: the tensors, matrices (embedding and head too) in the type `matrices`, norms
// in F32, and in the metadata a format number and the model's dimensions. Equal weights make equal files. Views the
// parameters until written.
//
// The metadata have the dimensions of model/shape.h by name. Format 2: a tensor is F32, F16, BF16 or Q8_0
// (model/tensor_types.h). One in Q8_0 is U8 [rows, bytes of a row] with "Q8_0" in the metadata as "type." and its name:
// "type.embedding". Format 1 has F32 alone. A format lacks the dimensions that came with a later one
// (Dimension::since); they have the value then that they have when nobody names them. A model is written in the first
// format from 2 on that has all that it is.
CheckpointFile ModelFile(const Parameters& parameters, TensorType matrices = TensorType::kF32);

// The same of tensors by their place in the layout, each in its own type. Views what they view. REQUIRES: they have the
// layout's rows and columns; norms are in F32.
CheckpointFile ModelFile(const ModelShape& shape, std::vector<TensorRows> tensors);

// The shape that a model file states. Error (BadInput): not a model file of ours, a newer format, numbers out of range
// or against each other, dimensions or types that the file's format does not have, tensors of another shape than the
// dimensions give them. Takes no memory for what the file does not hold.
Result<ModelShape> ReadModelShape(const std::string& path);

// A model in a file, mapped; its tensors in the types that they have. Error (BadInput): as ReadModelShape.
Result<StoredModel> OpenModelFile(const std::string& path);

// Reads the tensors, of whatever type each is, into `parameters`, which have the file's shape. Error (BadInput):
// damaged, or another shape.
Status ReadModel(const std::string& path, Parameters& parameters);

}  // namespace cllm
