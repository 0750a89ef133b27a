#include "spheres/topology.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <cstdlib>
#include <set>
#include <thread>

namespace cllm {
namespace {

// Sets an environment variable for its lifetime.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~ScopedVariable() { unsetenv(name_); }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  const char* name_;
};

std::vector<unsigned> AffinityOfThisThread() {
  cpu_set_t set;
  CPU_ZERO(&set);
  EXPECT_EQ(sched_getaffinity(0, sizeof(set), &set), 0);
  std::vector<unsigned> threads;
  for (unsigned i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &set)) threads.push_back(i);
  }
  return threads;
}

TEST(Topology, ThisMachine_HardwareThreadsAreTheAffinityMask) {
  const Topology topology;
  std::multiset<unsigned> threads;
  for (const Core& core : topology.machine().cores) {
    threads.insert(core.hardware_threads.begin(), core.hardware_threads.end());
  }
  const std::vector<unsigned> mask = AffinityOfThisThread();
  EXPECT_EQ(threads, std::multiset<unsigned>(mask.begin(), mask.end()));
  EXPECT_GE(topology.machine().UsableCores(), 1u);
  EXPECT_LE(topology.machine().UsableCores(), topology.machine().UsableHardwareThreads());
}

TEST(Topology, BindThread_ChangesTheAffinityAndTheUsableCores) {
  std::thread([] {
    const std::vector<unsigned> one = {AffinityOfThisThread().back()};
    const Status status = Topology().BindThread(one);
    if (!status.ok()) GTEST_SKIP() << "the system refuses to bind threads: " << status.message();
    EXPECT_EQ(AffinityOfThisThread(), one);
    const Topology narrowed;
    ASSERT_EQ(narrowed.machine().cores.size(), 1u);
    EXPECT_EQ(narrowed.machine().cores[0].hardware_threads, one);
  }).join();
}

TEST(Topology, BindThread_NoSuchHardwareThread_IsAnError) {
  std::thread([] {
    const std::vector<unsigned> before = AffinityOfThisThread();
    EXPECT_FALSE(Topology().BindThread({100000}).ok());
    EXPECT_EQ(AffinityOfThisThread(), before);
  }).join();
}

TEST(Topology, DescribedMachine_CachesNodesAndThreadsAreRead) {
  const ScopedVariable description("HWLOC_SYNTHETIC", "numa:2 l3:2 l2:4 core:1 pu:2");
  const Topology topology;
  const Machine& machine = topology.machine();
  ASSERT_EQ(machine.cores.size(), 16u);
  for (size_t i = 0; i < 16; ++i) {
    EXPECT_EQ(machine.cores[i].node, i / 8) << i;
    EXPECT_EQ(machine.cores[i].cache, i / 4) << i;
    EXPECT_EQ(machine.cores[i].hardware_threads.size(), 2u);
  }
}

TEST(Machine, Quota_LimitsCoresAndHardwareThreads) {
  Machine machine;
  machine.cores.assign(4, Core{.hardware_threads = {0, 1}});
  EXPECT_EQ(machine.UsableCores(), 4u);
  EXPECT_EQ(machine.UsableHardwareThreads(), 8u);
  machine.quota = 6;
  EXPECT_EQ(machine.UsableCores(), 4u);
  EXPECT_EQ(machine.UsableHardwareThreads(), 6u);
  machine.quota = 1;
  EXPECT_EQ(machine.UsableCores(), 1u);
  EXPECT_EQ(machine.UsableHardwareThreads(), 1u);
}

}  // namespace
}  // namespace cllm
