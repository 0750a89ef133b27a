#include "app/enough_stack.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/resource.h>

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <thread>

namespace cllm {
namespace {

size_t StackOfThisThread() {
  pthread_attr_t attributes;
  size_t bytes = 0;
  EXPECT_EQ(pthread_getattr_np(pthread_self(), &attributes), 0);
  pthread_attr_getstacksize(&attributes, &bytes);
  pthread_attr_destroy(&attributes);
  return bytes;
}

// The soft limit of stacks, for a while.
class StackLimit {
 public:
  explicit StackLimit(rlim_t bytes) {
    getrlimit(RLIMIT_STACK, &former_);
    rlimit other = former_;
    other.rlim_cur = bytes;
    EXPECT_EQ(setrlimit(RLIMIT_STACK, &other), 0);
  }
  ~StackLimit() { setrlimit(RLIMIT_STACK, &former_); }
  StackLimit(const StackLimit&) = delete;
  StackLimit& operator=(const StackLimit&) = delete;

 private:
  rlimit former_{};
};

TEST(EnoughStack, WhereThereIsEnough_StaysInThisThread) {
  rlimit limit{};
  getrlimit(RLIMIT_STACK, &limit);
  if (limit.rlim_max < kStackBytes) GTEST_SKIP() << "the stacks of this process are limited";
  const StackLimit enough(kStackBytes);
  std::thread::id where;
  EXPECT_EQ(WithEnoughStack([&] { return where = std::this_thread::get_id(), 7; }), 7);
  EXPECT_EQ(where, std::this_thread::get_id());
}

TEST(EnoughStack, WhereThereIsLess_IsAThreadWithEnough) {
  const StackLimit little(1 << 20);
  std::thread::id where;
  size_t bytes = 0;
  EXPECT_EQ(WithEnoughStack([&] { return where = std::this_thread::get_id(), bytes = StackOfThisThread(), 7; }), 7);
  EXPECT_NE(where, std::this_thread::get_id());
  EXPECT_GE(bytes, kStackBytes);
}

TEST(EnoughStack, LaterThreads_HaveAsMuch_WhateverTheLimit) {
  const StackLimit little(1 << 20);
  WithEnoughStack([] { return 0; });
  size_t bytes = 0;
  std::thread([&] { bytes = StackOfThisThread(); }).join();
  EXPECT_GE(bytes, kStackBytes);
}

}  // namespace
}  // namespace cllm
