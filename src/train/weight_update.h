#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "cluster/communicator.h"
#include "spheres/spheres.h"
#include "train/optimizer.h"
#include "train/tensor_owners.h"

namespace cllm {

// The update phase of a step: the optimizer's jobs for the tensors that this rank owns, shared out over the leaves.
// Owns the optimizer and its scratch. Keeps a reference to the spheres. Thread-compatible: Node Zero calls it.
class WeightUpdate {
 public:
  WeightUpdate(const ParameterLayout& layout, const OptimizerOptions& options, Spheres& spheres, Rank rank = {});

  // Updates the owned tensors and zeroes their part of the gradient (fixed point, layout offsets).
  Status Run(const UpdateStep& step, std::span<int64_t> gradient, Parameters& parameters);

  const TensorOwners& owners() const { return owners_; }
  const Optimizer& optimizer() const { return optimizer_; }
  Optimizer& optimizer() { return optimizer_; }

  // Bytes of scratch when `at_once` leaves work at once.
  static size_t ScratchBytes(const ParameterLayout& layout, const OptimizerOptions& options, size_t at_once);

 private:
  Spheres& spheres_;
  TensorOwners owners_;
  Optimizer optimizer_;
  std::vector<size_t> jobs_;                   // of the owned tensors, the costly ones first
  std::vector<AlignedBuffer<float>> scratch_;  // by run permit: a whole matrix and more, too large for each leaf
};

}  // namespace cllm
