#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/file.h"
#include "base/status.h"
#include "interop/gguf/gguf_format.h"

namespace cllm {

// A value as it lies in the file, its size checked. Views the file.
struct GgufValue {
  GgufValueType type = GgufValueType::kUint8;  // of an array: kArray
  GgufValueType element = GgufValueType::kUint8;
  uint64_t count = 1;  // of an array: its elements
  ByteView bytes = {};
};

// A tensor. Views the file.
struct GgufTensor {
  std::string name;
  GgufTensorType type = GgufTensorType::kF32;
  uint64_t rows = 1, columns = 1;  // a vector has one row
  ByteView bytes = {};
};

// Bytes of a row with that many numbers. REQUIRES: whole blocks, at most 2^32 numbers.
uint64_t GgufRowBytes(GgufTensorType type, uint64_t columns);

// What a GGUF file holds, views into the bytes given; with getters that say what is wrong. Errors are BadInput and name
// the file and the key. Immutable.
class Gguf {
 public:
  // Checks all that the format demands: counts, lengths and places against the file's size before anything is
  // allocated, names and keys once each, known types, tensors one after the other up to the file's end. `label` names
  // it in errors.
  static Result<Gguf> Parse(ByteView file, std::string label);

  const std::string& label() const { return label_; }
  const std::map<std::string, GgufValue, std::less<>>& keys() const { return keys_; }
  const std::vector<GgufTensor>& tensors() const { return tensors_; }
  const GgufTensor* FindTensor(std::string_view name) const;  // nullptr if absent

  bool Has(std::string_view key) const { return keys_.contains(key); }
  // The key's value. Error: absent, of another kind, negative, or an array of more than `most` elements.
  Result<uint64_t> Unsigned(std::string_view key) const;
  Result<double> Real(
      std::string_view key) const;  // as it is stored: the shortest decimal of a single-precision number
  Result<bool> Flag(std::string_view key) const;
  Result<std::string> Text(std::string_view key) const;
  Result<std::vector<std::string>> Texts(std::string_view key, uint64_t most) const;
  Result<std::vector<int64_t>> Numbers(std::string_view key, uint64_t most) const;

 private:
  explicit Gguf(std::string label) : label_(std::move(label)) {}
  Result<const GgufValue*> Find(std::string_view key) const;
  Result<const GgufValue*> FindArray(std::string_view key, uint64_t most) const;
  Status Wrong(std::string_view key, std::string_view expected) const;

  friend class GgufParser;
  std::string label_;
  std::map<std::string, GgufValue, std::less<>> keys_;
  std::vector<GgufTensor> tensors_;
  std::map<std::string_view, size_t> index_;  // into tensors_, whose names it views
};

// A GGUF file, mapped. Owns the mapping that the content's views point into; movable, immutable.
class GgufFile {
 public:
  static Result<GgufFile> Open(const std::string& path);
  const Gguf& content() const { return content_; }

 private:
  GgufFile(MappedFile file, Gguf content) : file_(std::move(file)), content_(std::move(content)) {}
  MappedFile file_;
  Gguf content_;
};

}  // namespace cllm
