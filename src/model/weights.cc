#include "model/weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "base/cache_line.h"
#include "nn/embedding.h"

namespace cllm {
namespace {

constexpr size_t kNoNorm = ~size_t{0};
constexpr size_t kRowsAtOnce = 8 * kPanelAlignment;  // of a matrix that is packed

constexpr std::array<std::pair<std::string_view, Storage>, 3> kStorages = {
    {{"f32", Storage::kF32}, {"bf16", Storage::kBf16}, {"q8_0", Storage::kQ8}}};

// Rows that hold what panels in `storage` hold.
TensorType RowType(Storage storage) {
  switch (storage) {
    case Storage::kF32: return TensorType::kF32;
    case Storage::kBf16: return TensorType::kBF16;
    case Storage::kQ8: return TensorType::kQ8_0;
  }
  CHECK(false);
}

bool IsOnlyLookedUp(const ParameterLayout& layout, const TensorInfo& info) {
  return layout.shape().untied && info.role == TensorRole::kEmbedding;
}

}  // namespace

Weights::Weights(const ModelShape& shape, Precision precision)
    : layout_(shape),
      values_(shape),
      panels_(layout_, WeightPanels::Use::kTraining, precision),
      rope_(shape) {}

Weights::Weights(StoredModel model, Storage storage)
    : layout_(model.shape), panels_(layout_, WeightPanels::Use::kForward, storage), rope_(model.shape) {
  size_t floats = 0;
  for (const TensorInfo& info : layout_.tensors()) {
    norm_offsets_.push_back(info.is_norm() ? floats : kNoNorm);
    if (info.is_norm()) floats += WholeLines(info.size());
  }
  norms_ = AlignedBuffer<float>(floats);
  for (const TensorInfo& info : layout_.tensors()) Take(info, model.tensors[info.index], storage);
}

void Weights::Take(const TensorInfo& info, const TensorRows& rows, Storage storage) {
  if (info.is_norm()) return DecodeRows(rows, {norms_.data() + norm_offsets_[info.index], info.size()});
  const TensorType type = RowType(storage);
  const size_t row_bytes = RowBytes(type, info.columns);
  if (!panels_.has(info)) embedding_.resize(info.rows * row_bytes);
  std::vector<float> values(std::min(kRowsAtOnce, info.rows) * info.columns);
  for (size_t first = 0; first < info.rows; first += kRowsAtOnce) {
    const size_t count = std::min(kRowsAtOnce, info.rows - first);
    const std::span<float> part = std::span(values).first(count * info.columns);
    DecodeRows(rows, first, part);
    if (panels_.has(info)) {
      panels_.PackRows(info, first, part);
      continue;
    }
    for (size_t i = 0; i < count; ++i) {
      EncodeRow(type, part.subspan(i * info.columns, info.columns),
                std::span(embedding_).subspan((first + i) * row_bytes, row_bytes));
    }
  }
}

const float* Weights::values(const TensorInfo& info) const {
  if (values_) return values_->data() + info.offset;
  DCHECK(norm_offsets_[info.index] != kNoNorm);
  return norms_.data() + norm_offsets_[info.index];
}

void Weights::LookUp(std::span<const uint32_t> tokens, float* x) const {
  const TensorInfo& info = layout_.embedding();
  if (values_) return EmbeddingForward(tokens, values(info), info.columns, x);
  const TensorType type = RowType(format().storage());
  const size_t row_bytes = RowBytes(type, info.columns);
  for (size_t i = 0; i < tokens.size(); ++i) {
    float* row = x + i * info.columns;
    if (panels_.has(info)) {
      UnpackColumn(panels_.forward(info), tokens[i], row);
    } else {
      DecodeRow(type, std::span(embedding_).subspan(tokens[i] * row_bytes, row_bytes), {row, info.columns});
    }
  }
}

void Weights::PackAll() {
  for (size_t job = 0; job < pack_jobs(); ++job) Pack(job);
}

Weights::Sizes Weights::SizesForTraining(const ModelShape& shape, Precision precision) {
  const ParameterLayout layout(shape);
  return {.values = layout.size() * sizeof(float),
          .panels = WeightPanels::Bytes(layout, WeightPanels::Use::kTraining, precision)};
}

Weights::Sizes Weights::SizesForReading(const ModelShape& shape, Storage storage) {
  const ParameterLayout layout(shape);
  Sizes sizes{.panels = WeightPanels::Bytes(layout, WeightPanels::Use::kForward, storage)};
  for (const TensorInfo& info : layout.tensors()) {
    if (info.is_norm()) sizes.values += WholeLines(info.size()) * sizeof(float);
    if (IsOnlyLookedUp(layout, info)) sizes.values += info.rows * RowBytes(RowType(storage), info.columns);
  }
  return sizes;
}

std::vector<std::string> StorageNames() {
  std::vector<std::string> names;
  for (const auto& [name, storage] : kStorages) names.emplace_back(name);
  return names;
}

Result<Storage> StorageNamed(std::string_view word) {
  for (const auto& [name, storage] : kStorages) {
    if (name == word) return storage;
  }
  return Usage(fmt::format("weights is '{}', expected {}", word, fmt::join(StorageNames(), ", ")));
}

}  // namespace cllm
