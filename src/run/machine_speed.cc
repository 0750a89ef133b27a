#include "run/machine_speed.h"

#include <thread>
#include <vector>

#include "kernels/peak.h"

namespace cllm {

MachineSpeed MeasureMachine(size_t threads, double milliseconds, Precision precision) {
  std::vector<double> gflops(threads);
  {
    std::vector<std::jthread> workers;
    for (size_t i = 0; i < threads; ++i) {
      workers.emplace_back([&gflops, i, milliseconds, precision] { gflops[i] = PeakGflops(milliseconds, precision); });
    }
  }
  MachineSpeed speed{0, threads};
  for (const double g : gflops) speed.peak_gflops += g;
  return speed;
}

}  // namespace cllm
