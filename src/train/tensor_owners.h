#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace cllm {

// Which rank updates each tensor and keeps its moments: a table, the same on every rank. Tensors stay whole, because
// Muon needs whole matrices. Immutable.
class TensorOwners {
 public:
  // costs: of each tensor's update. The costly ones are given away first, each to the rank that has the least so far.
  TensorOwners(std::span<const double> costs, size_t ranks);

  size_t operator[](size_t tensor) const { return owners_[tensor]; }

 private:
  std::vector<size_t> owners_;
};

}  // namespace cllm
