#include "measure/measure.h"

#include <gtest/gtest.h>

#include <atomic>

#include "kernels/peak.h"
#include "measure/bandwidth.h"

namespace cllm::measure {
namespace {

TEST(Median, OddAndEvenCounts) {
  EXPECT_EQ(Median({3}), 3);
  EXPECT_EQ(Median({9, 1, 5}), 5);
  EXPECT_EQ(Median({4, 1, 2, 9}), 3);
}

TEST(GeometricMean, OfRatios_IsTheRootOfTheirProduct) {
  EXPECT_DOUBLE_EQ(GeometricMean({2, 8}), 4);
  EXPECT_NEAR(GeometricMean({0.5, 2, 1.728}), 1.2, 1e-12);
}

// The machine slows down to half in mid-measurement: rates and yardsticks fall, the share of each round stays.
TEST(Alternate, SlowerMachine_KeepsTheShare) {
  std::string order;
  const auto speed = [&] { return order.size() < 6 ? 100.0 : 50.0; };
  const auto result = Alternate(
      6,
      [&]() -> Result<double> {
        order += 'w';
        return 0.8 * speed();
      },
      [&] {
        order += 'y';
        return speed();
      });
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(order, "ywywywywywywy");
  EXPECT_NEAR(result->share, 0.8, 1e-12);
  EXPECT_NEAR(result->rate, 40, 1e-12);
  EXPECT_NEAR(result->spread, 1, 1e-12);
}

TEST(Alternate, FirstErrorOfWork_IsReturned) {
  int calls = 0;
  const auto result = Alternate(
      5,
      [&]() -> Result<double> {
        if (++calls == 3) return Failed("third");
        return 1.0;
      },
      [] { return 1.0; });
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.status().message(), "third");
  EXPECT_EQ(calls, 3);
}

TEST(JointRate, EveryThread_IsCalledOnce) {
  std::atomic<uint32_t> seen = 0;
  EXPECT_EQ(JointRate(5,
                      [&](size_t thread) {
                        seen |= 1u << thread;
                        return static_cast<double>(thread);
                      }),
            10);
  EXPECT_EQ(seen, 31u);
}

TEST(CallsPerSecond, PreparationIsNotCounted) {
  size_t runs = 0, prepared = 0;
  double preparing_s = 0;
  volatile double sink = 0;
  const auto busy = [&](int n) {
    const double begin = ThreadSeconds();
    for (int i = 0; i < n; ++i) sink = sink + 1;
    return ThreadSeconds() - begin;
  };
  const double begin = ThreadSeconds();
  const double rate = CallsPerSecond(
      5,
      [&] {
        ++runs;
        busy(100'000);
      },
      [&] {
        ++prepared;
        preparing_s += busy(1'000'000);
      });
  const double all_s = ThreadSeconds() - begin;
  EXPECT_EQ(runs, prepared);
  // What was counted and what was prepared are parts of the whole that do not overlap, however fast the machine is.
  EXPECT_LE(static_cast<double>(runs) / rate + preparing_s, all_s);
}

TEST(ReadRate, IsPlausible) {
  const std::vector<float> data(100'003, 1.0f);
  const double rate = ReadRate(data.data(), data.size(), 2);
  EXPECT_GT(rate, 1e7);
  EXPECT_LT(rate, 1e13);
}

}  // namespace
}  // namespace cllm::measure
