#include "interop/gguf/gguf_writer.h"

#include <memory>
#include <utility>

#include "base/check.h"

namespace cllm {
namespace {

template <typename Number>
void Put(std::string& out, Number value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void PutString(std::string& out, std::string_view text) {
  Put<uint64_t>(out, text.size());
  out += text;
}

uint64_t Aligned(uint64_t bytes) { return (bytes + kGgufAlignment - 1) / kGgufAlignment * kGgufAlignment; }

Status AppendZeros(uint64_t count, ByteSink& sink) { return sink.Append(AsBytes(std::string(count, '\0'))); }

}  // namespace

GgufTensorType GgufTypeOf(TensorType type) {
  switch (type) {
    case TensorType::kF32:
      return GgufTensorType::kF32;
    case TensorType::kF16:
      return GgufTensorType::kF16;
    case TensorType::kBF16:
      return GgufTensorType::kBF16;
    case TensorType::kQ8_0:
      return GgufTensorType::kQ8_0;
  }
  CHECK(false);
}

void GgufWriter::AddKey(std::string_view key, GgufValueType type) {
  PutString(keys_, key);
  Put(keys_, type);
  ++key_count_;
}

void GgufWriter::PutText(std::string_view text) { PutString(keys_, text); }

void GgufWriter::Add(std::string_view key, uint32_t value) {
  AddKey(key, GgufValueType::kUint32);
  Put(keys_, value);
}

void GgufWriter::Add(std::string_view key, float value) {
  AddKey(key, GgufValueType::kFloat32);
  Put(keys_, value);
}

void GgufWriter::AddFlag(std::string_view key, bool value) {
  AddKey(key, GgufValueType::kBool);
  Put<uint8_t>(keys_, value);
}

void GgufWriter::AddText(std::string_view key, std::string_view value) {
  AddKey(key, GgufValueType::kText);
  PutText(value);
}

void GgufWriter::AddTexts(std::string_view key, std::span<const std::string> values) {
  AddKey(key, GgufValueType::kArray);
  Put(keys_, GgufValueType::kText);
  Put<uint64_t>(keys_, values.size());
  for (const std::string& value : values) PutText(value);
}

void GgufWriter::AddNumbers(std::string_view key, std::span<const int32_t> values) {
  AddKey(key, GgufValueType::kArray);
  Put(keys_, GgufValueType::kInt32);
  Put<uint64_t>(keys_, values.size());
  for (const int32_t value : values) Put(keys_, value);
}

void GgufWriter::AddTensor(std::string name, TensorRows rows) {
  CHECK(name.size() <= kGgufMaxTensorName);
  const uint64_t bytes = rows.bytes();
  tensors_.push_back({std::move(name), std::move(rows), tensor_bytes_});
  tensor_bytes_ += Aligned(bytes);
}

std::string GgufWriter::Head() const {
  std::string head(kGgufMagic);
  Put(head, kGgufVersion);
  Put<uint64_t>(head, tensors_.size());
  Put(head, key_count_);
  head += keys_;
  for (const Tensor& tensor : tensors_) {
    PutString(head, tensor.name);
    const bool is_vector = tensor.rows.rows == 1;
    Put<uint32_t>(head, is_vector ? 1 : 2);
    Put<uint64_t>(head, tensor.rows.columns);  // innermost first
    if (!is_vector) Put<uint64_t>(head, tensor.rows.rows);
    Put(head, GgufTypeOf(tensor.rows.type));
    Put(head, tensor.offset);
  }
  head.resize(Aligned(head.size()));
  return head;
}

CheckpointFile GgufWriter::File(std::string name) && {
  // Shared by the copies of the callback, which std::function makes copyable.
  const auto head = std::make_shared<const std::string>(Head());
  const auto tensors = std::make_shared<const std::vector<Tensor>>(std::move(tensors_));
  return {std::move(name), head->size() + tensor_bytes_, [head, tensors](ByteSink& sink) -> Status {
            CLLM_TRY(sink.Append(AsBytes(*head)));
            for (const Tensor& tensor : *tensors) {
              CLLM_TRY(WriteRows(tensor.rows, sink));
              CLLM_TRY(AppendZeros(Aligned(tensor.rows.bytes()) - tensor.rows.bytes(), sink));
            }
            return {};
          }};
}

}  // namespace cllm
