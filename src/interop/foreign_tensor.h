#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "interop/gguf/gguf_file.h"
#include "interop/tensor_names.h"
#include "store/safetensors.h"

namespace cllm {

// A matrix (a vector has one row) in a file of another program: whole rows of a type of ours. Views the file.
struct ForeignTensor {
  std::string name;
  TensorType type = TensorType::kF32;
  uint64_t rows = 1, columns = 1;
  ByteView bytes = {};     // rows of row_bytes each
  uint64_t row_bytes = 0;  // in the file
  bool is_q4 = false;      // blocks of Q4_0, which become blocks of Q8_0 as they are read

  // The row as bytes of `type`. REQUIRES: out.size() == RowBytes(type, columns).
  void Read(uint64_t row, std::span<std::byte> out) const;
};

ForeignTensor ForeignTensorOf(const GgufTensor& tensor);
// Error (BadInput): a type that models here do not have, more than two dimensions.
Result<ForeignTensor> ForeignTensorOf(const TensorView& tensor, const std::string& label);

enum class RotaryOrder { kAdjacent, kHalves };  // of queries and keys: GGUF's and ours, Hugging Face's

// One tensor of our layout from the parts that it has in the files, each with the part's sizes. Their common type, F32
// where they differ or where ours is a norm. Views the files.
TensorRows JoinedRows(const std::vector<ForeignTensor>& found, const std::vector<TensorPart>& parts, RotaryOrder order);

// All tensors of a layout, found by name. find(part) gives a tensor of the file or the error that it is missing; sizes
// are checked here. `label` names the file. Error (BadInput).
Result<std::vector<TensorRows>> TensorsOfLayout(
    const ParameterLayout& layout, RotaryOrder order, const std::string& label,
    const std::function<Result<ForeignTensor>(const TensorPart& part)>& find);

}  // namespace cllm
