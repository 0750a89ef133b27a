#include "model/packed_weights.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/check.h"

namespace cllm {
namespace {

constexpr size_t kNoPanels = ~size_t{0};

constexpr std::array<std::pair<std::string_view, Precision>, 3> kWeightFormats = {
    {{"f32", Precision::kFp32}, {"bf16", Precision::kBf16Weights}, {"q8_0", Precision::kQ8Weights}}};

}  // namespace

std::vector<PackedWeights::Job> PackedWeights::Plan(const ParameterLayout& layout, Use use, Precision precision,
                                                    size_t& floats) {
  std::vector<Job> jobs;
  floats = 0;
  for (size_t i = 0; i < layout.tensors().size(); ++i) {
    const TensorInfo& info = layout.tensors()[i];
    if (info.role == TensorRole::kNorm) continue;
    jobs.push_back({i, 0, floats});
    floats += PackedSize(info.columns, info.rows, precision);
    if (use == Use::kForward) continue;
    jobs.push_back({i, 1, floats});
    floats += PackedSize(info.rows, info.columns, precision);
  }
  return jobs;
}

PackedWeights::PackedWeights(const ModelConfig& config, Use use, Precision precision)
    : layout_(config), precision_(precision) {
  size_t floats = 0;
  jobs_ = Plan(layout_, use, precision, floats);
  offsets_.assign(2 * layout_.tensors().size(), kNoPanels);
  for (const Job& job : jobs_) offsets_[2 * job.tensor + job.direction] = job.offset;
  buffer_ = AlignedBuffer<float>(floats);
}

size_t PackedWeights::Bytes(const ModelConfig& config, Use use, Precision precision) {
  size_t floats = 0;
  Plan(ParameterLayout(config), use, precision, floats);
  return floats * sizeof(float);
}

void PackedWeights::Pack(const Parameters& parameters, size_t index) {
  const Job& job = jobs_[index];
  const TensorInfo& info = layout_.tensors()[job.tensor];
  const float* weight = parameters.data() + info.offset;
  float* out = buffer_.data() + job.offset;
  if (job.direction == 0) {
    PackColumns(weight, info.columns, info.columns, info.rows, out, precision_);
  } else {
    PackRows(weight, info.columns, info.rows, info.columns, out, precision_);
  }
}

void PackedWeights::PackAll(const Parameters& parameters) {
  for (size_t job = 0; job < jobs(); ++job) Pack(parameters, job);
}

std::vector<std::string> WeightFormats() {
  std::vector<std::string> names;
  for (const auto& [name, precision] : kWeightFormats) names.emplace_back(name);
  return names;
}

Result<Precision> WeightPrecision(std::string_view format) {
  for (const auto& [name, precision] : kWeightFormats) {
    if (name == format) return precision;
  }
  return Usage(fmt::format("--weights is '{}', expected {}", format, fmt::join(WeightFormats(), ", ")));
}

PackedWeights RoundAndPack(Parameters& parameters, const ModelConfig& config, Precision precision) {
  for (const TensorInfo& info : parameters.layout().tensors()) {
    if (info.role == TensorRole::kNorm) continue;
    RoundWeights(parameters.tensor(info).data(), info.rows, info.columns, precision);
  }
  PackedWeights packed(config, PackedWeights::Use::kForward, precision);
  packed.PackAll(parameters);
  return packed;
}

Panels PackedWeights::View(size_t tensor, size_t direction) const {
  const size_t offset = offsets_[2 * tensor + direction];
  CHECK(offset != kNoPanels);
  const TensorInfo& info = layout_.tensors()[tensor];
  return direction == 0 ? PackedView(buffer_.data() + offset, info.columns, info.rows, precision_)
                        : PackedView(buffer_.data() + offset, info.rows, info.columns, precision_);
}

}  // namespace cllm
