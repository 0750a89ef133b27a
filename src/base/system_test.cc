#include "base/system.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

#include "base/testing/temporary_directory.h"

namespace cllm {
namespace {

// A made-up /proc and /sys.
class System : public testing::Test {
 protected:
  void Write(const std::string& name, const std::string& text) { directory_.Write(name, text); }
  const TemporaryDirectory directory_;
  const std::string root_ = directory_.path();
};

TEST_F(System, ReadMachineMemory_NoCgroup_IsTheMachine) {
  Write("proc/meminfo", "MemTotal:       1000 kB\nMemFree: 1 kB\nMemAvailable:    600 kB\n");
  const MachineMemory memory = ReadMachineMemory(root_);
  EXPECT_EQ(memory.physical, 1000u * 1024);
  EXPECT_EQ(memory.limit, 1000u * 1024);
  EXPECT_EQ(memory.available, 600u * 1024);
}

TEST_F(System, ReadMachineMemory_UnifiedCgroup_LowestLimitOfAllParents) {
  Write("proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 900 kB\n");
  Write("proc/self/cgroup", "0::/outer/inner\n");
  Write("sys/fs/cgroup/outer/inner/memory.max", "max\n");
  Write("sys/fs/cgroup/outer/memory.max", "500000\n");
  Write("sys/fs/cgroup/outer/memory.current", "200000\n");
  Write("sys/fs/cgroup/outer/memory.stat", "anon 100000\ninactive_file 50000\n");
  const MachineMemory memory = ReadMachineMemory(root_);
  EXPECT_EQ(memory.limit, 500000u);
  EXPECT_EQ(memory.available, 350000u) << "page cache gives way";
}

TEST_F(System, ReadMachineMemory_MemoryController_IsRead) {
  Write("proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 900 kB\n");
  Write("proc/self/cgroup", "9:cpu:/x\n4:memory:/\n0::/\n");
  Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "300000\n");
  Write("sys/fs/cgroup/memory/memory.usage_in_bytes", "400000\n");
  const MachineMemory memory = ReadMachineMemory(root_);
  EXPECT_EQ(memory.limit, 300000u);
  EXPECT_EQ(memory.available, 0u) << "use above the limit does not wrap";
}

TEST_F(System, ReadMachineMemory_HugeLimit_IsNone) {
  Write("proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 900 kB\n");
  Write("proc/self/cgroup", "4:memory:/a\n");
  Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(ReadMachineMemory(root_).limit, 1000u * 1024);
}

TEST_F(System, ReadMachineMemory_ThisMachine_IsPlausible) {
  const MachineMemory memory = ReadMachineMemory();
  EXPECT_GT(memory.physical, uint64_t{64} << 20);
  EXPECT_LE(memory.limit, memory.physical);
  EXPECT_LE(memory.available, memory.limit);
}

TEST_F(System, ReadProcessMemory_TouchedPages_AreCounted) {
  constexpr uint64_t kBytes = 32 << 20;
  const ProcessMemory before = ReadProcessMemory();
  const std::vector<char> block(kBytes, 1);
  asm volatile("" : : "r"(block.data()) : "memory");  // the compiler may not leave the block out
  const ProcessMemory after = ReadProcessMemory();
  EXPECT_GE(after.resident, before.resident + kBytes / 2);
  EXPECT_GE(after.anonymous, before.anonymous + kBytes / 2);
  EXPECT_GE(after.peak_resident, after.resident);
}

TEST_F(System, EnvironmentVariable_SetOrNot) {
  setenv("CLLM_SYSTEM_TEST", "", 1);
  EXPECT_EQ(EnvironmentVariable("CLLM_SYSTEM_TEST"), "");
  unsetenv("CLLM_SYSTEM_TEST");
  EXPECT_EQ(EnvironmentVariable("CLLM_SYSTEM_TEST"), std::nullopt);
}

TEST_F(System, ProcessorName_FromCpuinfo) {
  Write("proc/cpuinfo", "processor\t: 0\nmodel\t\t: 1\nmodel name\t: AMD EPYC 7571\n");
  EXPECT_EQ(ProcessorName(root_), "AMD EPYC 7571");
  EXPECT_EQ(ProcessorName(root_ + "/absent"), "unknown processor");
}

TEST_F(System, MonotonicSeconds_GoesOn) {
  const double first = MonotonicSeconds();
  usleep(2000);
  EXPECT_GE(MonotonicSeconds() - first, 0.002);
  EXPECT_FALSE(HostName().empty());
}

}  // namespace
}  // namespace cllm
