#include "base/process_usage.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace cllm {
namespace {

// Uses about 0.1 s of processor time by the clock that is tested, whatever the machine's speed.
void Burn() {
  const double begin = ReadProcessUsage().processor_s;
  while (ReadProcessUsage().processor_s - begin < 0.1) {
  }
}

TEST(ProcessUsage, WorkOfOtherThreads_Counts) {
  const ProcessUsage before = ReadProcessUsage();
  std::thread(Burn).join();
  EXPECT_GE((ReadProcessUsage() - before).processor_s, 0.1);
}

TEST(ProcessUsage, Sleeping_CostsSwitchesAndHardlyAnyTime) {
  const ProcessUsage before = ReadProcessUsage();
  for (int i = 0; i < 20; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  const ProcessUsage used = ReadProcessUsage() - before;
  EXPECT_GE(used.voluntary_switches, 20u);
  EXPECT_LT(used.processor_s, 0.1);
}

TEST(ProcessUsage, Sums_AddEveryPart) {
  ProcessUsage sum{1.5, 2, 3};
  sum += {0.25, 10, 20};
  EXPECT_EQ(sum.processor_s, 1.75);
  EXPECT_EQ(sum.voluntary_switches, 12u);
  EXPECT_EQ(sum.involuntary_switches, 23u);
}

}  // namespace
}  // namespace cllm
