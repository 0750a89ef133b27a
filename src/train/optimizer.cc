#include "train/optimizer.h"

#include <algorithm>

#include "base/cache_line.h"
#include "base/check.h"
#include "kernels/fixed_point.h"
#include "kernels/optimizer.h"
#include "math/scalar.h"
#include "nn/newton_schulz.h"

namespace cllm {
namespace {

constexpr size_t kChunk = 16384;  // floats an AdamW job handles at once: 64 KiB of scratch
// What it costs an owner that all others send it an element's gradient and get its weight, in the units of a job's cost
// (one of Muon has the smaller dimension for each element). A link of 1 Gbit/s takes as long as a core for such a
// matrix.
constexpr double kExchangeCost = 512;

// 1 - beta^count.
float BiasCorrection(float beta, uint64_t count) {
  return static_cast<float>(1.0 - math::Exp(static_cast<double>(count) * math::Log(static_cast<double>(beta))));
}

}  // namespace

std::string_view NameOf(OptimizerKind wanted) {
  const auto named = std::ranges::find(kOptimizerNames, wanted, &std::pair<std::string_view, OptimizerKind>::second);
  CHECK(named != kOptimizerNames.end());
  return named->first;
}

Optimizer::Optimizer(const ParameterLayout& layout, const OptimizerOptions& options)
    : Optimizer(layout, options, TensorOwners(std::vector<double>(layout.tensors().size()), 1), 0) {}

Optimizer::Optimizer(const ParameterLayout& layout, const OptimizerOptions& options, const TensorOwners& owners,
                     size_t rank)
    : Optimizer(layout, options, PlanOnly{}) {
  Own(owners, rank);
  first_ = AlignedBuffer<float>(first_size_);
  second_ = AlignedBuffer<float>(second_size_);
}

Optimizer::Optimizer(const ParameterLayout& layout, const OptimizerOptions& options, PlanOnly)
    : options_(options), layout_(layout), scratch_floats_(kChunk) {
  for (size_t i = 0; i < layout_.tensors().size(); ++i) {
    const TensorInfo& info = layout_.tensors()[i];
    if (UsesAdamW(info)) {
      AddAdamWJobs(i, info);
    } else {
      AddMuonJobs(i, info);
    }
  }
  std::stable_sort(jobs_.begin(), jobs_.end(), [](const Job& a, const Job& b) { return a.cost > b.cost; });
}

void Optimizer::Own(const TensorOwners& owners, size_t rank) {
  first_offsets_.assign(layout_.tensors().size(), kNotOwned);
  second_offsets_ = first_offsets_;
  first_size_ = second_size_ = 0;
  for (const TensorInfo& info : layout_.tensors()) {
    if (owners[info.index] != rank) continue;
    first_offsets_[info.index] = first_size_;
    first_size_ += WholeLines(info.size());
    if (!UsesAdamW(info)) continue;
    second_offsets_[info.index] = second_size_;
    second_size_ += WholeLines(info.size());
  }
}

TensorOwners Optimizer::OwnersOf(const ParameterLayout& layout, const OptimizerOptions& options, size_t ranks) {
  const Optimizer plan(layout, options, PlanOnly{});
  std::vector<double> costs;
  for (const TensorInfo& info : layout.tensors()) costs.push_back(kExchangeCost * static_cast<double>(info.size()));
  for (size_t job = 0; job < plan.jobs(); ++job) costs[plan.tensor(job)] += plan.cost(job);
  return {costs, ranks};
}

Optimizer::Sizes Optimizer::SizesOf(const ParameterLayout& layout, const OptimizerOptions& options, size_t ranks) {
  Optimizer plan(layout, options, PlanOnly{});
  const auto moments = [&](const TensorOwners& owners, size_t rank) {
    plan.Own(owners, rank);
    return plan.first_size_ + plan.second_size_;
  };
  Sizes sizes{.moments = moments(OwnersOf(layout, options, 1), 0), .owned = 0, .scratch = plan.scratch_floats_};
  const TensorOwners owners = OwnersOf(layout, options, ranks);
  for (size_t rank = 0; rank < ranks; ++rank) sizes.owned = std::max(sizes.owned, moments(owners, rank));
  return sizes;
}

bool Optimizer::UsesAdamW(const TensorInfo& info) const {
  return options_.kind == OptimizerKind::kAdamW || info.role == TensorRole::kEmbedding ||
         info.role == TensorRole::kHead || info.is_norm();
}

void Optimizer::AddMuonJobs(size_t tensor, const TensorInfo& info) {
  size_t offset = 0;
  for (const size_t rows : info.parts) {
    const size_t size = rows * info.columns;
    const double smaller = static_cast<double>(std::min(rows, info.columns));
    jobs_.push_back({tensor, offset, size, rows, smaller * static_cast<double>(size)});
    scratch_floats_ = std::max(scratch_floats_, WholeLines(size) + NewtonSchulzScratch(rows, info.columns));
    offset += size;
  }
}

void Optimizer::AddAdamWJobs(size_t tensor, const TensorInfo& info) {
  for (size_t offset = 0; offset < info.size(); offset += kChunk) {
    const size_t size = std::min(kChunk, info.size() - offset);
    jobs_.push_back({tensor, offset, size, 0, static_cast<double>(size)});
  }
}

double Optimizer::Rate(TensorRole role) const {
  switch (role) {
    case TensorRole::kEmbedding:
    case TensorRole::kHead: return options_.embedding_rate;
    case TensorRole::kNorm: return options_.norm_rate;
    case TensorRole::kMatrix:
    case TensorRole::kResidualMatrix: return options_.matrix_rate;
  }
  return 0;
}

void Optimizer::Update(size_t index, const UpdateStep& step, std::span<int64_t> gradient, Parameters& parameters,
                       float* scratch) {
  const Job& job = jobs_[index];
  if (job.rows != 0) {
    UpdateMuon(job, step, gradient, parameters, scratch);
  } else {
    UpdateAdamW(job, step, gradient, parameters, scratch);
  }
}

void Optimizer::UpdateMuon(const Job& job, const UpdateStep& step, std::span<int64_t> gradient,
                           Parameters& parameters, float* scratch) {
  const TensorInfo& info = layout_.tensors()[job.tensor];
  const size_t offset = info.offset + job.offset;
  float* direction = scratch;
  FixedToFloat(gradient.data() + offset, direction, job.size);
  ZeroFixed(gradient.data() + offset, job.size);
  MuonMomentum(options_.momentum, step.gradient_scale, first_of(info).data() + job.offset, direction, direction,
               job.size);
  NewtonSchulz(direction, job.rows, info.columns, scratch + WholeLines(job.size));
  const double rate = options_.matrix_rate * step.rate_factor;
  const double shape = static_cast<double>(job.rows) / static_cast<double>(info.columns);
  MuonApply(static_cast<float>(rate * math::Sqrt(std::max(1.0, shape))),
            static_cast<float>(options_.weight_decay * rate), parameters.data() + offset, direction, job.size);
}

void Optimizer::UpdateAdamW(const Job& job, const UpdateStep& step, std::span<int64_t> gradient,
                            Parameters& parameters, float* scratch) {
  const TensorInfo& info = layout_.tensors()[job.tensor];
  const size_t offset = info.offset + job.offset;
  FixedToFloat(gradient.data() + offset, scratch, job.size);
  ZeroFixed(gradient.data() + offset, job.size);
  const double rate = Rate(info.role) * step.rate_factor;
  const double decay = info.is_norm() ? 0.0 : options_.weight_decay * rate;
  const AdamW options{.rate = static_cast<float>(rate),
                      .beta1 = options_.beta1,
                      .beta2 = options_.beta2,
                      .eps = options_.eps,
                      .decay = static_cast<float>(decay),
                      .bias1 = BiasCorrection(options_.beta1, step.count),
                      .bias2 = BiasCorrection(options_.beta2, step.count),
                      .gradient_scale = step.gradient_scale};
  AdamWUpdate(options, parameters.data() + offset, first_of(info).data() + job.offset,
              second_of(info).data() + job.offset, scratch, job.size);
}

}  // namespace cllm
