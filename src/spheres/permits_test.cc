#include "spheres/permits.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <numeric>
#include <thread>

namespace cllm {
namespace {

TEST(Permits, ManyThreads_NeverMoreThanThePermitsAtOnce) {
  constexpr size_t kPermits = 3, kThreads = 20;
  Permits permits(kPermits, kThreads);
  std::atomic<size_t> inside = 0, most = 0, passages = 0;
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < 100; ++round) {
          permits.Acquire();
          const size_t now = ++inside;
          for (size_t seen = most; seen < now && !most.compare_exchange_weak(seen, now);) continue;
          if (round % 10 == 0) std::this_thread::sleep_for(std::chrono::microseconds(100));
          ++passages;
          --inside;
          permits.Release();
        }
      });
    }
  }
  EXPECT_EQ(passages, 100 * kThreads);
  EXPECT_EQ(most, kPermits);
}

TEST(Permits, OnePermit_TurnsFollowTickets) {
  constexpr size_t kThreads = 6, kRounds = 500;
  Permits permits(1, kThreads);
  std::vector<uint64_t> served;  // written under the single permit
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        for (size_t round = 0; round < kRounds; ++round) {
          served.push_back(permits.Acquire());
          std::this_thread::yield();  // lets the others queue up
          permits.Release();
        }
      });
    }
  }
  std::vector<uint64_t> expected(kThreads * kRounds);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(served, expected);
}

TEST(Permits, AsManyAsThreads_NobodyWaits) {
  Permits permits(2, 2);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(permits.Acquire(), 0u);  // would wait for ever at the third otherwise
  for (int i = 0; i < 10; ++i) permits.Release();
}

}  // namespace
}  // namespace cllm
