#pragma once

#include <algorithm>
#include <cstddef>
#include <ctime>

namespace cllm {

// How many times the processor time of work(size) grows when its size does from `small` to `large`: the least of three
// measurements each, so that what else the machine does changes little. Proportional work grows with the size, quadratic
// work with its square. REQUIRES: work of one thread, milliseconds at `small`.
template <class Work>
double GrowthOfTime(size_t small, size_t large, const Work& work) {
  const auto least = [&](size_t size) {
    std::clock_t best = 0;
    for (int round = 0; round < 3; ++round) {
      const std::clock_t begin = std::clock();
      work(size);
      const std::clock_t spent = std::clock() - begin;
      best = round == 0 ? spent : std::min(best, spent);
    }
    return static_cast<double>(std::max<std::clock_t>(best, 1));
  };
  return least(large) / least(small);
}

}  // namespace cllm
