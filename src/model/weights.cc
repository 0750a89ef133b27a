#include "model/weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "base/cache_line.h"

namespace cllm {
namespace {

constexpr size_t kNotKept = ~size_t{0};

constexpr std::array<std::pair<std::string_view, Storage>, 3> kStorages = {
    {{"f32", Storage::kF32}, {"bf16", Storage::kBf16}, {"q8_0", Storage::kQ8}}};

bool IsReadInF32(const TensorInfo& info) { return info.is_norm() || info.role == TensorRole::kEmbedding; }

RopeTable TableFor(const ModelShape& shape) { return {shape.context, shape.head_dim, shape.rope_base}; }

Parameters Rounded(Parameters values, Storage storage) {
  for (const TensorInfo& info : values.layout().tensors()) {
    if (!info.is_norm()) RoundWeights(values.tensor(info).data(), info.rows, info.columns, storage);
  }
  return values;
}

}  // namespace

Weights::Weights(const ModelShape& shape, Precision precision)
    : layout_(shape),
      values_(shape),
      panels_(layout_, WeightPanels::Use::kTraining, precision),
      rope_(TableFor(shape)) {}

Weights::Weights(Parameters values, Storage storage)
    : layout_(values.layout()),
      values_(Rounded(std::move(values), storage)),
      panels_(layout_, WeightPanels::Use::kForward, storage),
      rope_(TableFor(layout_.shape())) {
  PackAll();
  KeepWhatIsReadInF32();
}

void Weights::KeepWhatIsReadInF32() {
  size_t floats = 0;
  for (const TensorInfo& info : layout_.tensors()) {
    offsets_.push_back(IsReadInF32(info) ? floats : kNotKept);
    if (IsReadInF32(info)) floats += WholeLines(info.size());
  }
  kept_ = AlignedBuffer<float>(floats);
  for (const TensorInfo& info : layout_.tensors()) {
    if (IsReadInF32(info)) std::ranges::copy(values_->tensor(info), kept_.data() + offsets_[info.index]);
  }
  values_.reset();
}

const float* Weights::values(const TensorInfo& info) const {
  if (values_) return values_->data() + info.offset;
  DCHECK(offsets_[info.index] != kNotKept);
  return kept_.data() + offsets_[info.index];
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
    if (IsReadInF32(info)) sizes.values += WholeLines(info.size()) * sizeof(float);
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
