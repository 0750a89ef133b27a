#include "spheres/waiting.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace cllm {
namespace {

TEST(AwaitChange, ReturnsTheNewValue_ToAllThatWait) {
  for (const Spin spin : {Spin::kNever, Spin::kBriefly}) {
    WaitWord word;
    uint32_t written = 0;  // plain: the word alone orders it
    std::vector<std::jthread> threads;
    for (int i = 0; i < 5; ++i) {
      threads.emplace_back([&] {
        EXPECT_EQ(AwaitChange(word, 0, spin), 7u);
        EXPECT_EQ(written, 3u);
      });
    }
    written = 3;
    word.value.store(7, std::memory_order_release);
    WakeAll(word);
  }
}

TEST(AwaitChange, OfAWordThatHasChanged_DoesNotWait) {
  WaitWord word;
  word.value = 2;
  EXPECT_EQ(AwaitChange(word, 1, Spin::kNever), 2u);
  EXPECT_EQ(word.sleepers, 0u);
}

// As a system that lost the wake-up.
TEST(AwaitChange, WithoutAWakeUp_SeesTheChangeNevertheless) {
  WaitWord word;
  std::jthread sleeper([&] { EXPECT_EQ(AwaitChange(word, 0, Spin::kNever), 1u); });
  while (word.sleepers == 0) std::this_thread::yield();
  word.value.store(1, std::memory_order_release);
}

// Two threads that hand a word over to each other, each at a moment when the other may be falling asleep.
TEST(AwaitChange, HandedOverManyTimes_LosesNothing) {
  WaitWord ping, pong;
  constexpr uint32_t kTimes = 20'000;
  std::jthread other([&] {
    for (uint32_t i = 0; i < kTimes; ++i) {
      EXPECT_EQ(AwaitChange(ping, i, i % 3 == 0 ? Spin::kBriefly : Spin::kNever), i + 1);
      pong.value.store(i + 1, std::memory_order_release);
      WakeOne(pong);
    }
  });
  for (uint32_t i = 0; i < kTimes; ++i) {
    ping.value.store(i + 1, std::memory_order_release);
    WakeOne(ping);
    EXPECT_EQ(AwaitChange(pong, i, i % 5 == 0 ? Spin::kBriefly : Spin::kNever), i + 1);
  }
}

}  // namespace
}  // namespace cllm
