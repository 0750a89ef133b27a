#include "base/thread_priority.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <thread>

namespace cllm {
namespace {

TEST(ThreadPriority, IsOfTheCallingThreadAlone) {
  const int before = getpriority(PRIO_PROCESS, 0);
  int within = 0;
  std::thread([&] {
    LowerThreadPriority(19);
    within = getpriority(PRIO_PROCESS, 0);  // of the calling thread, on Linux
  }).join();
  EXPECT_EQ(within, 19);
  EXPECT_EQ(getpriority(PRIO_PROCESS, 0), before);
}

}  // namespace
}  // namespace cllm
