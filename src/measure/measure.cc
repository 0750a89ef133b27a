#include "measure/measure.h"

#include <algorithm>
#include <thread>

#include "base/check.h"
#include "kernels/peak.h"
#include "math/scalar.h"
#include "run/machine_speed.h"
#include "spheres/spheres.h"

namespace cllm::measure {

double Median(std::vector<double> values) {
  CHECK(!values.empty());
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double GeometricMean(const std::vector<double>& values) {
  CHECK(!values.empty());
  double sum = 0;
  for (const double value : values) {
    CHECK(value > 0);
    sum += math::Log(value);
  }
  return math::Exp(sum / static_cast<double>(values.size()));
}

Result<Alternation> Alternate(size_t rounds, const std::function<Result<double>()>& work,
                              const std::function<double()>& yardstick) {
  CHECK(rounds >= kMinRounds);
  std::vector<double> rates, yardsticks = {yardstick()}, shares;
  for (size_t round = 0; round < rounds; ++round) {
    CLLM_ASSIGN(const double rate, work());
    yardsticks.push_back(yardstick());
    rates.push_back(rate);
    shares.push_back(rate / ((yardsticks[round] + yardsticks[round + 1]) / 2));
  }
  const auto [least, most] = std::minmax_element(rates.begin(), rates.end());
  const double rate = Median(rates);
  return Alternation{rate, Median(yardsticks), Median(shares), (*most - *least) / rate};
}

double JointRate(size_t threads, const std::function<double(size_t)>& rate) {
  std::vector<double> rates(threads);
  {
    std::vector<std::jthread> workers;
    for (size_t i = 0; i < threads; ++i) workers.emplace_back([&, i] { rates[i] = rate(i); });
  }
  double sum = 0;
  for (const double r : rates) sum += r;
  return sum;
}

double JointPeakGflops(size_t threads, double milliseconds, Precision precision) {
  return MeasureMachine(std::min(threads, PlanSpheres({}).leaves), milliseconds, precision).peak_gflops;
}

double CallsPerSecond(double milliseconds, const std::function<void()>& run, const std::function<void()>& prepare) {
  size_t calls = 0;
  double seconds = 0;
  while (seconds * 1e3 < milliseconds) {
    if (prepare) prepare();
    const double begin = ThreadSeconds();
    run();
    seconds += ThreadSeconds() - begin;
    ++calls;
  }
  return static_cast<double>(calls) / seconds;
}

}  // namespace cllm::measure
