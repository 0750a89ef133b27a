#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include "base/testing/sanitized.h"
#include "spheres/spheres.h"
#include "spheres/topology.h"

// Starts, stops and failures of spheres; what a leaf's thread is like.
namespace cllm {
namespace {

#ifdef CLLM_SANITIZED
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

using std::chrono::microseconds;
using std::chrono::milliseconds;

// A value of /proc/self/status, such as Threads or VmRSS (KiB).
long ProcessStatus(const std::string& key) {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(key + ":")) return std::strtol(line.c_str() + key.size() + 1, nullptr, 10);
  }
  return -1;
}

// Creations and joins in the tests below: 1000, fewer under sanitizers; CLLM_SPHERE_CYCLES names another number.
int Cycles() {
  if (const char* cycles = std::getenv("CLLM_SPHERE_CYCLES")) return std::atoi(cycles);
  return kSanitized ? 30 : 1000;
}

// Makes a system call of this process and its future threads fail with `error`.
void Deny(long system_call, int error) {
  const sock_filter program[] = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, 0},  // the number of the call
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, static_cast<uint32_t>(system_call)},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | static_cast<uint32_t>(error)},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
  };
  const sock_fprog filter = {4, const_cast<sock_filter*>(program)};
  CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0);
}

TEST(SpheresLifecycle, PinRefused_IsOneWarningAndWorkGoesOn) {
  const auto start_unpinned = [] {
    Deny(SYS_sched_setaffinity, EPERM);
    auto spheres = Spheres::Start({});
    CHECK(spheres.ok());
    std::atomic<int> done = 0;
    CHECK((*spheres)->Run(10, [&](Leaf&, size_t) -> Status { return ++done, Status(); }).ok() && done == 10);
    std::fprintf(stderr, "<%s>", (*spheres)->pin_warning().c_str());
    std::_Exit(0);
  };
  const Topology topology;
  if (topology.machine().UsableCores() < topology.machine().cores.size()) GTEST_SKIP() << "no pins under a CPU quota";
  EXPECT_EXIT(start_unpinned(), testing::ExitedWithCode(0),
              "<[0-9]+ of [0-9]+ threads could not be pinned.*Operation not permitted.*>");
}

TEST(SpheresLifecycle, NoThreadCanStart_IsAnErrorWithoutHang) {
  const auto start = [] {
    Deny(SYS_clone3, EAGAIN);
    Deny(SYS_clone, EAGAIN);
    const auto spheres = Spheres::Start({.leaves = 13});
    std::fprintf(stderr, "%s", spheres.status().message().c_str());
    std::_Exit(static_cast<int>(spheres.status().code()));
  };
  EXPECT_EXIT(start(), testing::ExitedWithCode(static_cast<int>(Code::kNoResources)), "thread 1 of 13 did not start");
}

TEST(SpheresLifecycle, SomeThreadsCannotStart_IsAnErrorWithoutHang) {
  if (kSanitized) GTEST_SKIP() << "sanitizers need the address space";
  const auto start = [] {
    // Stacks of 8 MiB and more: room for some of them only.
    const auto limit = static_cast<rlim_t>(ProcessStatus("VmSize")) * 1024 + (rlim_t{600} << 20);
    const rlimit limits = {limit, limit};
    CHECK(setrlimit(RLIMIT_AS, &limits) == 0);
    const auto spheres = Spheres::Start({.leaves = 4000});
    std::fprintf(stderr, "%s", spheres.status().message().c_str());
    std::_Exit(static_cast<int>(spheres.status().code()));
  };
  EXPECT_EXIT(start(), testing::ExitedWithCode(static_cast<int>(Code::kNoResources)),
              "thread [0-9][0-9]+ of 4000 did not start");
}

TEST(SpheresLifecycle, TooManyLeaves_IsAUsageError) {
  const auto spheres = Spheres::Start({.leaves = 100000});
  ASSERT_FALSE(spheres.ok());
  EXPECT_EQ(spheres.status().code(), Code::kUsage);
  EXPECT_NE(spheres.status().message().find("100000"), std::string::npos);
  EXPECT_NE(spheres.status().message().find("4096"), std::string::npos);
}

TEST(SpheresLifecycle, FloatControlOfTheCaller_DoesNotReachLeaves) {
#if defined(__x86_64__)
  const unsigned before = _mm_getcsr();
  _mm_setcsr(before | 0x8040 | 0x2000);  // FTZ, DAZ, round down: inherited by new threads
  auto spheres = Spheres::Start({.leaves = 3});
  _mm_setcsr(before);
  ASSERT_TRUE(spheres.ok());
  const Status status = (*spheres)->Run(30, [](Leaf&, size_t) -> Status {
    const unsigned control = _mm_getcsr() & ~0x3fu;  // without the sticky exception flags
    return control == 0x1f80 ? Status() : Failed("control register " + std::to_string(control));
  });
  EXPECT_TRUE(status.ok()) << status.message();
#else
  GTEST_SKIP() << "x86 only";
#endif
}

TEST(SpheresLifecycle, UserSignals_AreBlockedOnLeavesOnly) {
  auto spheres = Spheres::Start({.leaves = 2});
  ASSERT_TRUE(spheres.ok());
  const auto blocked = [](int signal) {
    sigset_t set;
    sigemptyset(&set);
    pthread_sigmask(SIG_BLOCK, nullptr, &set);
    return sigismember(&set, signal) == 1;
  };
  const Status status = (*spheres)->Run(2, [&](Leaf&, size_t) -> Status {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2}) {
      if (!blocked(signal)) return Failed("signal " + std::to_string(signal) + " reaches leaves");
    }
    return {};
  });
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_FALSE(blocked(SIGINT));
}

// Destroys spheres while another thread is inside Run; returns how many of the 10,000 items were processed.
size_t StopInMidStep(size_t leaves, microseconds after) {
  auto spheres = Spheres::Start({.leaves = leaves});
  CHECK(spheres.ok());
  std::atomic<size_t> done = 0;
  Status status;
  Spheres* running = spheres->get();
  std::jthread node_zero([&] {
    status = running->Run(10000, [&](Leaf&, size_t) -> Status {
      std::this_thread::sleep_for(milliseconds(1));
      return ++done, Status();
    });
  });
  while (done == 0) std::this_thread::yield();
  std::this_thread::sleep_for(after);
  spheres->reset();
  node_zero.join();
  EXPECT_EQ(status.code(), Code::kFailed);
  EXPECT_EQ(status.message(), "stopped");
  return done;
}

TEST(SpheresLifecycle, DestroyedInMidStep_RunReturnsStopped) {
  for (const size_t leaves : {1u, 2u, 63u, 145u}) {
    const size_t done = StopInMidStep(leaves, milliseconds(5));
    EXPECT_GE(done, 1u);
    EXPECT_LT(done, 10000u);
  }
}

TEST(SpheresLifecycle, ManyCreationsJoinsAndStops_NeitherHangNorLeak) {
  const auto cycle = [](int i) {
    auto spheres = Spheres::Start({.leaves = 63});
    ASSERT_TRUE(spheres.ok()) << spheres.status().message();
    if (i % 4 == 0) return;  // joined without work
    std::atomic<size_t> done = 0;
    ASSERT_TRUE((*spheres)->Run(128, [&](Leaf&, size_t) -> Status { return ++done, Status(); }).ok());
    ASSERT_EQ(done, 128u);
  };
  const auto any_cycle = [&](int i) { i % 10 == 9 ? void(StopInMidStep(63, microseconds(i % 7 * 100))) : cycle(i); };
  for (int i = 0; i < 20; ++i) any_cycle(i);  // the allocator's and hwloc's own memory settles
  const long threads = ProcessStatus("Threads"), memory_kib = ProcessStatus("VmRSS");
  for (int i = 0; i < Cycles(); ++i) any_cycle(i);
  EXPECT_EQ(ProcessStatus("Threads"), threads);
  // 63 leaked stacks or hwloc topologies a cycle would be far more.
  if (!kSanitized) {
    EXPECT_LT(ProcessStatus("VmRSS") - memory_kib, 4096);
  }
}

}  // namespace
}  // namespace cllm
