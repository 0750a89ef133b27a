#include "model/weight_panels.h"

#include "base/check.h"

namespace cllm {
namespace {

// An embedding beside an untied head is only looked up.
bool HasPanels(const ParameterLayout& layout, const TensorInfo& info) {
  return !info.is_norm() && (info.role != TensorRole::kEmbedding || !layout.shape().untied);
}

}  // namespace

std::vector<WeightPanels::Job> WeightPanels::Plan(const ParameterLayout& layout, Use use, PanelFormat format,
                                                  size_t& floats) {
  std::vector<Job> jobs;
  floats = 0;
  for (const TensorInfo& info : layout.tensors()) {
    if (!HasPanels(layout, info)) continue;
    jobs.push_back({info.index, 0, floats});
    floats += PackedSize(info.columns, info.rows, format);
    if (use == Use::kForward) continue;
    jobs.push_back({info.index, 1, floats});
    floats += PackedSize(info.rows, info.columns, format);
  }
  return jobs;
}

WeightPanels::WeightPanels(const ParameterLayout& layout, Use use, PanelFormat format) : format_(format) {
  size_t floats = 0;
  jobs_ = Plan(layout, use, format, floats);
  offsets_.assign(2 * layout.tensors().size(), kNone);
  for (const Job& job : jobs_) offsets_[2 * job.tensor + job.direction] = job.offset;
  buffer_ = AlignedBuffer<float>(floats);
}

size_t WeightPanels::Bytes(const ParameterLayout& layout, Use use, PanelFormat format) {
  size_t floats = 0;
  Plan(layout, use, format, floats);
  return floats * sizeof(float);
}

void WeightPanels::Pack(const Parameters& values, size_t index) {
  const Job& job = jobs_[index];
  const TensorInfo& info = values.layout().tensors()[job.tensor];
  const float* weight = values.tensor(info).data();
  float* out = buffer_.data() + job.offset;
  if (job.direction == 0) {
    PackColumns(weight, info.columns, info.columns, info.rows, out, format_);
  } else {
    cllm::PackRows(weight, info.columns, info.rows, info.columns, out, format_.precision());
  }
}

void WeightPanels::PackRows(const TensorInfo& info, size_t first_row, std::span<const float> rows) {
  const size_t offset = offsets_[2 * info.index];
  DCHECK(offset != kNone && first_row % kPanelAlignment == 0);
  float* out = buffer_.data() + offset + PackedSize(info.columns, first_row, format_);
  PackColumns(rows.data(), info.columns, info.columns, rows.size() / info.columns, out, format_);
}

Panels WeightPanels::View(const TensorInfo& info, size_t direction) const {
  const size_t offset = offsets_[2 * info.index + direction];
  CHECK(offset != kNone);
  return direction == 0 ? PackedView(buffer_.data() + offset, info.columns, info.rows, format_)
                        : PackedView(buffer_.data() + offset, info.rows, info.columns, format_);
}

}  // namespace cllm
