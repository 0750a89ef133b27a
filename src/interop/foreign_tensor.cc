#include "interop/foreign_tensor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace cllm {
namespace {

constexpr size_t kBlock = 32;  // numbers of a block of Q4_0 or Q8_0
constexpr size_t kQ4Bytes = 2 + kBlock / 2, kQ8Bytes = 2 + kBlock;

// A block of Q4_0, a scale in half precision and 32 numbers from 0 to 15 of which 8 is taken, as one of Q8_0 with the
// same scale. The low halves of the bytes are the first 16 numbers.
void WidenBlock(const std::byte* q4, std::byte* q8) {
  std::memcpy(q8, q4, 2);
  for (size_t i = 0; i < kBlock / 2; ++i) {
    const int packed = std::to_integer<int>(q4[2 + i]);
    q8[2 + i] = static_cast<std::byte>((packed & 15) - 8);
    q8[2 + kBlock / 2 + i] = static_cast<std::byte>((packed >> 4) - 8);
  }
}

TensorType TypeOf(GgufTensorType type) {
  switch (type) {
    case GgufTensorType::kF32:
      return TensorType::kF32;
    case GgufTensorType::kF16:
      return TensorType::kF16;
    case GgufTensorType::kBF16:
      return TensorType::kBF16;
    case GgufTensorType::kQ8_0:
    case GgufTensorType::kQ4_0:
      return TensorType::kQ8_0;
  }
  CHECK(false);
}

// Where a row of ours lies: which part, and which row of its tensor in the file.
struct Place {
  const ForeignTensor* tensor;
  size_t row;
};

// A tensor of ours that lies in the files in parts.
class JoinedTensor {
 public:
  JoinedTensor(std::vector<ForeignTensor> found, std::vector<TensorPart> parts, RotaryOrder order, TensorType type)
      : found_(std::move(found)), parts_(std::move(parts)), order_(order), type_(type) {}

  void Read(size_t row, std::span<std::byte> out) const {
    const Place place = PlaceOf(row);
    if (place.tensor->type == type_) return place.tensor->Read(place.row, out);
    std::vector<std::byte> bytes(RowBytes(place.tensor->type, place.tensor->columns));
    std::vector<float> values(place.tensor->columns);
    place.tensor->Read(place.row, bytes);
    DecodeRow(place.tensor->type, bytes, values);
    EncodeRow(type_, values, out);
  }

 private:
  Place PlaceOf(size_t row) const {
    size_t i = 0;
    while (row >= parts_[i].first_row + parts_[i].rows) ++i;
    const size_t within = row - parts_[i].first_row;
    return {&found_[i], order_ == RotaryOrder::kHalves ? RowInHuggingFace(parts_[i], within) : within};
  }

  std::vector<ForeignTensor> found_;
  std::vector<TensorPart> parts_;
  RotaryOrder order_;
  TensorType type_;
};

Status CheckSize(const ForeignTensor& tensor, const TensorPart& part, const std::string& label) {
  if (tensor.rows == part.rows && tensor.columns == part.columns) return {};
  return BadInput(fmt::format("{}: the tensor '{}' has {} rows of {}, expected {} of {} by the model's dimensions",
                              label, tensor.name, tensor.rows, tensor.columns, part.rows, part.columns));
}

}  // namespace

void ForeignTensor::Read(uint64_t row, std::span<std::byte> out) const {
  const ByteView from = bytes.subspan(row * row_bytes, row_bytes);
  if (!is_q4) {
    std::ranges::copy(from, out.begin());
    return;
  }
  for (size_t block = 0; block < columns / kBlock; ++block) {
    WidenBlock(from.data() + block * kQ4Bytes, out.data() + block * kQ8Bytes);
  }
}

ForeignTensor ForeignTensorOf(const GgufTensor& tensor) {
  return {.name = tensor.name,
          .type = TypeOf(tensor.type),
          .rows = tensor.rows,
          .columns = tensor.columns,
          .bytes = tensor.bytes,
          .row_bytes = GgufRowBytes(tensor.type, tensor.columns),
          .is_q4 = tensor.type == GgufTensorType::kQ4_0};
}

Result<ForeignTensor> ForeignTensorOf(const TensorView& tensor, const std::string& label) {
  ForeignTensor foreign{.name = tensor.name, .bytes = tensor.bytes};
  switch (tensor.dtype) {
    case DType::kF32:
      foreign.type = TensorType::kF32;
      break;
    case DType::kF16:
      foreign.type = TensorType::kF16;
      break;
    case DType::kBF16:
      foreign.type = TensorType::kBF16;
      break;
    default:
      return BadInput(fmt::format("{}: the tensor '{}' has the type {}, expected F32, F16 or BF16", label, tensor.name,
                                  DTypeName(tensor.dtype)));
  }
  if (tensor.shape.empty() || tensor.shape.size() > 2) {
    return BadInput(fmt::format("{}: the tensor '{}' is of [{}], expected one or two dimensions", label, tensor.name,
                                fmt::join(tensor.shape, ", ")));
  }
  foreign.columns = tensor.shape.back();
  foreign.rows = tensor.shape.size() == 2 ? tensor.shape.front() : 1;
  foreign.row_bytes = foreign.columns * DTypeBytes(tensor.dtype);
  return foreign;
}

TensorRows JoinedRows(const std::vector<ForeignTensor>& found, const std::vector<TensorPart>& parts,
                      RotaryOrder order) {
  CHECK(!parts.empty() && found.size() == parts.size());
  const auto same = [&](const ForeignTensor& tensor) { return tensor.type == found.front().type; };
  const bool common = !parts.front().is_norm && std::all_of(found.begin(), found.end(), same);
  TensorRows rows{.type = common ? found.front().type : TensorType::kF32, .columns = parts.front().columns};
  for (const TensorPart& part : parts) rows.rows += part.rows;
  rows.read = [tensor = JoinedTensor(found, parts, order, rows.type)](size_t row, std::span<std::byte> out) {
    tensor.Read(row, out);
  };
  return rows;
}

Result<std::vector<TensorRows>> TensorsOfLayout(
    const ParameterLayout& layout, RotaryOrder order, const std::string& label,
    const std::function<Result<ForeignTensor>(const TensorPart& part)>& find) {
  std::vector<std::vector<ForeignTensor>> found(layout.tensors().size());
  std::vector<std::vector<TensorPart>> parts(layout.tensors().size());
  for (const TensorPart& part : TensorParts(layout)) {
    CLLM_ASSIGN(ForeignTensor tensor, find(part));
    CLLM_TRY(CheckSize(tensor, part, label));
    found[part.tensor].push_back(std::move(tensor));
    parts[part.tensor].push_back(part);
  }
  std::vector<TensorRows> tensors;
  for (size_t i = 0; i < found.size(); ++i) tensors.push_back(JoinedRows(found[i], parts[i], order));
  return tensors;
}

}  // namespace cllm
