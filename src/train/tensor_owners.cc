#include "train/tensor_owners.h"

#include <algorithm>
#include <numeric>

namespace cllm {

TensorOwners::TensorOwners(std::span<const double> costs, size_t ranks) : owners_(costs.size()) {
  std::vector<size_t> order(costs.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return costs[a] > costs[b]; });
  std::vector<double> load(ranks);
  for (const size_t tensor : order) {
    const auto least = std::min_element(load.begin(), load.end());
    *least += costs[tensor];
    owners_[tensor] = static_cast<size_t>(least - load.begin());
  }
}

}  // namespace cllm
