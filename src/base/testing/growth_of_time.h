#pragma once

#include <algorithm>
#include <cstddef>
#include <ctime>

namespace cllm {

// How many times the processor time of work(size) grows when its size does from `small` to `large`: the least of three
// measurements each, of up to twenty where that is far from proportional: beside other programs one may take several
// times as long. Proportional work grows with the size, quadratic work with its square. REQUIRES: work of one thread,
// milliseconds at `small`.
template <class Work>
double GrowthOfTime(size_t small, size_t large, const Work& work) {
  const auto spent = [&](size_t size) {
    const std::clock_t begin = std::clock();
    work(size);
    return static_cast<double>(std::max<std::clock_t>(std::clock() - begin, 1));
  };
  double least_small = spent(small), least_large = spent(large);
  const double near = 2.0 * static_cast<double>(large / small);
  for (int round = 1; round < 3 || (round < 20 && least_large / least_small > near); ++round) {
    least_small = std::min(least_small, spent(small));
    least_large = std::min(least_large, spent(large));
  }
  return least_large / least_small;
}

}  // namespace cllm
