#include "serve/dashboard/work_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <vector>

namespace cllm {
namespace {

TEST(WorkQueues, DoOnePieceAfterTheOther_InOrder) {
  std::vector<int> done;
  std::promise<void> all;
  WorkQueue queue(0);
  for (int i = 0; i < 100; ++i) {
    queue.Add([&, i](const std::stop_token&) {
      done.push_back(i);
      if (i == 99) all.set_value();
    });
  }
  all.get_future().wait();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(done[static_cast<size_t>(i)], i);
}

TEST(WorkQueues, Going_StopsTheWorkInProgress_AndDropsTheRest) {
  std::promise<void> begun;
  std::atomic<bool> stopped = false, dropped = true;
  {
    WorkQueue queue(19);
    queue.Add([&](const std::stop_token& stop) {
      begun.set_value();
      while (!stop.stop_requested()) std::this_thread::yield();
      stopped = true;
    });
    queue.Add([&](const std::stop_token&) { dropped = false; });
    begun.get_future().wait();
    EXPECT_EQ(queue.size(), 2u);
  }
  EXPECT_TRUE(stopped);
  EXPECT_TRUE(dropped);
}

}  // namespace
}  // namespace cllm
