#pragma once

#include "interop/gguf/gguf_file.h"

namespace cllm {

// Reads the bytes of a GGUF file from their start to their end, once.
class GgufParser {
 public:
  GgufParser(ByteView file, std::string label) : file_(file), content_(std::move(label)) {}

  // Error (BadInput): as Gguf::Parse.
  Result<Gguf> Parse() &&;

 private:
  uint64_t left() const { return file_.size() - at_; }
  Status Fault(const std::string& fault) const;
  Status Cut(const std::string& what) const;
  template <typename Number>
  Result<Number> Take(const std::string& what);
  Result<std::string_view> TakeText(const std::string& what, uint64_t most);

  Result<uint64_t> TakeCount(const std::string& what, uint64_t most, uint64_t least_bytes);
  Status TakeKey(uint64_t number);
  Result<GgufValueType> TakeType(const std::string& what);
  Status TakeValue(const std::string& key, GgufValue& value);
  Status SkipValues(const std::string& key, GgufValueType type, uint64_t count);
  Status TakeAlignment();
  Status TakeTensor(uint64_t number);
  Result<uint64_t> TakeColumnsAndRows(GgufTensor& tensor);
  Status PlaceTensors();

  ByteView file_;
  uint64_t at_ = 0;
  uint64_t alignment_ = kGgufAlignment;
  Gguf content_;
  std::vector<uint64_t> offsets_;  // of the tensors
};

}  // namespace cllm
