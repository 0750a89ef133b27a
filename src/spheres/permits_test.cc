#include "spheres/permits.h"

#include <gtest/gtest.h>

#include <array>
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
  std::array<size_t, kPermits> uses{};
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        for (int round = 0; round < 100; ++round) {
          const size_t number = permits.Acquire(i).number;
          const size_t now = ++inside;
          uses[number] += 1;  // plain on purpose: nobody else holds the number
          for (size_t seen = most; seen < now && !most.compare_exchange_weak(seen, now);) continue;
          if (round % 10 == 0) std::this_thread::sleep_for(std::chrono::microseconds(100));
          ++passages;
          --inside;
          permits.Release(number);
        }
      });
    }
  }
  EXPECT_EQ(passages, 100 * kThreads);
  EXPECT_EQ(std::accumulate(uses.begin(), uses.end(), size_t{0}), 100 * kThreads);
  EXPECT_EQ(most, kPermits);
}

TEST(Permits, OnePermit_TurnsFollowTickets) {
  constexpr size_t kThreads = 6, kRounds = 500;
  Permits permits(1, kThreads);
  std::vector<uint64_t> served;  // written under the single permit
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        for (size_t round = 0; round < kRounds; ++round) {
          const Permits::Permit permit = permits.Acquire(i);
          served.push_back(permit.ticket);
          std::this_thread::yield();  // lets the others queue up
          permits.Release(permit.number);
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
  for (size_t i = 0; i < 10; ++i) EXPECT_EQ(permits.Acquire(i % 2).number, i % 2);  // would wait at the third otherwise
  for (size_t i = 0; i < 10; ++i) permits.Release(i % 2);
}

}  // namespace
}  // namespace cllm
