#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/aligned_buffer.h"
#include "model/parameters.h"
#include "train/tensor_owners.h"

namespace cllm {

enum class OptimizerKind { kMuon, kAdamW };
// By the names that options and logs have.
inline constexpr std::array<std::pair<std::string_view, OptimizerKind>, 2> kOptimizerNames = {
    {{"muon", OptimizerKind::kMuon}, {"adamw", OptimizerKind::kAdamW}}};
std::string_view NameOf(OptimizerKind kind);

// Peak rates and constants. With kMuon the matrices inside layers use Muon at `matrix_rate`, the rest AdamW; with
// kAdamW all use AdamW, matrices at `matrix_rate`.
struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::kMuon;
  double matrix_rate = 0.01;
  double embedding_rate = 0.01;  // of an untied head too
  double norm_rate = 3e-3;
  double weight_decay = 0.1;  // times the rate; on matrices and the embedding, not on norms
  float beta1 = 0.9f, beta2 = 0.99f, eps = 1e-8f;
  float momentum = 0.95f;
};

// What one update needs beside the gradient.
struct UpdateStep {
  double rate_factor = 1;     // the schedule's
  uint64_t count = 1;         // 1 for the first update: AdamW's bias correction
  float gradient_scale = 1;   // clipping
};

// Muon and AdamW over the exact accumulator, cut into independent jobs that workers share out. Owns the moments of the
// tensors that this rank owns. Thread-compatible; different jobs of one update may run at once.
class Optimizer {
 public:
  // Of all tensors, or of those that rank `rank` owns.
  Optimizer(const ParameterLayout& layout, const OptimizerOptions& options);
  Optimizer(const ParameterLayout& layout, const OptimizerOptions& options, const TensorOwners& owners, size_t rank);

  bool owns(size_t tensor) const { return first_offsets_[tensor] != kNotOwned; }
  size_t jobs() const { return jobs_.size(); }  // the costly ones first
  size_t tensor(size_t job) const { return jobs_[job].tensor; }  // that it updates, or a part of
  double cost(size_t job) const { return jobs_[job].cost; }      // relative to other jobs
  // Applies job `index` to the weights and zeroes its part of the gradient (fixed point, layout offsets).
  // scratch: ScratchFloats(). REQUIRES: its tensor is owned.
  void Update(size_t index, const UpdateStep& step, std::span<int64_t> gradient, Parameters& parameters,
              float* scratch);
  size_t ScratchFloats() const { return scratch_floats_; }

  // The state, for checkpoints: first moments (or Muon's momentum) of the owned tensors in layout order, each at a
  // whole line; second moments of those among them that AdamW updates.
  std::span<const float> first() const { return first_.span(); }
  std::span<const float> second() const { return second_.span(); }
  std::span<float> first() { return first_.span(); }
  std::span<float> second() { return second_.span(); }
  // Those of one tensor. REQUIRES: it is owned; AdamW updates it.
  std::span<const float> first_of(const TensorInfo& info) const {
    return first().subspan(first_offsets_[info.index], info.size());
  }
  std::span<float> first_of(const TensorInfo& info) { return first().subspan(first_offsets_[info.index], info.size()); }
  std::span<const float> second_of(const TensorInfo& info) const {
    return second().subspan(second_offsets_[info.index], info.size());
  }
  std::span<float> second_of(const TensorInfo& info) {
    return second().subspan(second_offsets_[info.index], info.size());
  }
  bool UsesAdamW(const TensorInfo& info) const;

  // Floats of the moments and of a job's scratch, known before anything is allocated; owned: those of the rank that
  // owns most, of so many.
  struct Sizes {
    size_t moments, owned, scratch;
  };
  static Sizes SizesOf(const ParameterLayout& layout, const OptimizerOptions& options, size_t ranks = 1);
  // Who updates which tensor: a table, the same on every rank.
  static TensorOwners OwnersOf(const ParameterLayout& layout, const OptimizerOptions& options, size_t ranks);

 private:
  struct Job {
    size_t tensor;
    size_t offset, size;  // within the tensor
    size_t rows;          // Muon: rows of the part; AdamW: 0
    double cost;
  };
  struct PlanOnly {};
  Optimizer(const ParameterLayout& layout, const OptimizerOptions& options, PlanOnly);
  void Own(const TensorOwners& owners, size_t rank);
  void AddMuonJobs(size_t tensor, const TensorInfo& info);
  void AddAdamWJobs(size_t tensor, const TensorInfo& info);
  double Rate(TensorRole role) const;
  void UpdateMuon(const Job& job, const UpdateStep& step, std::span<int64_t> gradient, Parameters& parameters,
                  float* scratch);
  void UpdateAdamW(const Job& job, const UpdateStep& step, std::span<int64_t> gradient, Parameters& parameters,
                   float* scratch);

  OptimizerOptions options_;
  ParameterLayout layout_;
  std::vector<Job> jobs_;
  static constexpr size_t kNotOwned = ~size_t{0};
  std::vector<size_t> first_offsets_, second_offsets_;  // by tensor
  size_t first_size_ = 0, second_size_ = 0;
  size_t scratch_floats_ = 0;
  AlignedBuffer<float> first_, second_;
};

}  // namespace cllm
