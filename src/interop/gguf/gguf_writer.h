#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "interop/gguf/gguf_format.h"
#include "model/tensor_rows.h"
#include "store/checkpoint.h"

namespace cllm {

// A GGUF file about to be written. Keys and tensors stand in the order they were added. Thread-compatible.
class GgufWriter {
 public:
  // REQUIRES: no key twice.
  void Add(std::string_view key, uint32_t value);
  void Add(std::string_view key, float value);
  void AddFlag(std::string_view key, bool value);
  void AddText(std::string_view key, std::string_view value);
  void AddTexts(std::string_view key, std::span<const std::string> values);
  void AddNumbers(std::string_view key, std::span<const int32_t> values);

  // A matrix, or with one row a vector. REQUIRES: the name is short enough and not there yet.
  void AddTensor(std::string name, TensorRows rows);

  // The whole file. Views what the tensors view until written.
  CheckpointFile File(std::string name) &&;

 private:
  struct Tensor {
    std::string name;
    TensorRows rows;
    uint64_t offset;  // from the start of the tensors
  };
  void AddKey(std::string_view key, GgufValueType type);
  void PutText(std::string_view text);
  std::string Head() const;

  std::string keys_;  // as written
  uint64_t key_count_ = 0;
  std::vector<Tensor> tensors_;
  uint64_t tensor_bytes_ = 0;
};

// The number that GGUF has for a type.
GgufTensorType GgufTypeOf(TensorType type);

}  // namespace cllm
