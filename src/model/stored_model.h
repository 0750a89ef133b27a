#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "model/parameters.h"
#include "model/tensor_rows.h"

namespace cllm {

// A model whose tensors are read when they are wanted, so that a large one is never there twice: from mapped files of
// ours or of other programs, or from memory. Owns what the rows view; movable, immutable.
struct StoredModel {
  ModelShape shape;
  std::vector<TensorRows> tensors;                        // by their place in the layout, with its rows and columns
  std::vector<std::shared_ptr<const void>> sources = {};  // what the tensors view
};

// A model in memory.
StoredModel StoredInMemory(Parameters parameters);

// Its numbers in f32. REQUIRES: `parameters` have the model's shape.
void ReadInto(const StoredModel& model, Parameters& parameters);
Parameters ParametersOf(const StoredModel& model);

// Every number is finite; a model with others gives no text. Error (BadInput): names `label`, the tensor and the row.
Status CheckFinite(const StoredModel& model, const std::string& label);

// WeightHash of its parameters, of a row at a time.
std::string WeightHash(const StoredModel& model);

}  // namespace cllm
