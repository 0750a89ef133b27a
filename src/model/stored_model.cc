#include "model/stored_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/hash.h"

namespace cllm {

StoredModel StoredInMemory(Parameters parameters) {
  const auto held = std::make_shared<const Parameters>(std::move(parameters));
  StoredModel model{.shape = held->shape(), .tensors = {}, .sources = {held}};
  for (const TensorInfo& info : held->layout().tensors()) {
    model.tensors.push_back(RowsOf(*held, info, TensorType::kF32));
  }
  return model;
}

void ReadInto(const StoredModel& model, Parameters& parameters) {
  CHECK(model.shape == parameters.shape());
  for (const TensorInfo& info : parameters.layout().tensors()) {
    DecodeRows(model.tensors[info.index], parameters.tensor(info));
  }
}

Parameters ParametersOf(const StoredModel& model) {
  Parameters parameters(model.shape);
  ReadInto(model, parameters);
  return parameters;
}

Status CheckFinite(const StoredModel& model, const std::string& label) {
  const ParameterLayout layout(model.shape);
  std::vector<float> values;
  for (const TensorInfo& info : layout.tensors()) {
    const TensorRows& rows = model.tensors[info.index];
    values.resize(info.columns);
    for (size_t row = 0; row < rows.rows; ++row) {
      DecodeRows(rows, row, values);
      if (std::all_of(values.begin(), values.end(), [](float x) { return x - x == 0; })) continue;
      return BadInput(
          fmt::format("{}: what becomes {} has a number that is not finite in row {}", label, info.name, row));
    }
  }
  return {};
}

std::string WeightHash(const StoredModel& model) {
  Hasher hasher;
  std::vector<float> row;
  for (const TensorRows& tensor : model.tensors) {
    row.resize(tensor.columns);
    for (size_t i = 0; i < tensor.rows; ++i) {
      DecodeRows(tensor, i, row);
      hasher.Update(std::as_bytes(std::span<const float>(row)));
    }
  }
  return hasher.Digest().Hex();
}

}  // namespace cllm
