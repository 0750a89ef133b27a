#include "history/followed_history.h"

#include <gtest/gtest.h>

#include <thread>

#include "history/testing/written_log.h"

namespace cllm {
namespace {

size_t StepsOf(const FollowedHistory& followed) {
  return followed.With([](const RunHistory& history) { return history.steps(); });
}

bool IsWhole(const FollowedHistory& followed) {
  return followed.With([](const RunHistory& history) { return history.whole(); });
}

TEST(FollowedHistory, SmallLog_IsWholeAtOnce_AndFollowed) {
  WrittenLog log;
  const auto followed = *FollowedHistory::Open(log.Start().Step(1, 5).Write(), {});
  EXPECT_EQ(StepsOf(*followed), 1u);
  EXPECT_TRUE(IsWhole(*followed));
  log.Step(2, 5).Append();
  size_t told = 0;
  EXPECT_EQ(followed->Follow([&told](std::string_view) { ++told; }), Growth::kMore);
  EXPECT_EQ(told, 1u);
  EXPECT_EQ(StepsOf(*followed), 2u);
}

TEST(FollowedHistory, LargeLog_ShowsItsNewestPart_ThenTheWhole_WhichIsIndexed) {
  WrittenLog log;
  log.Start();
  for (uint64_t step = 1; step <= 3000; ++step) log.Step(step, 5);
  const HistoryOptions options{.cache = log.directory() / "cache", .index_from_bytes = 1000};
  const auto followed = *FollowedHistory::Open(log.Write(), options, 20'000);
  // The newest part is there at once; by now the whole may be, too.
  EXPECT_EQ(followed->With([](const RunHistory& history) { return history.LastPlace(Axis::kStep); }), 3000);
  while (!IsWhole(*followed)) std::this_thread::yield();
  EXPECT_EQ(followed->Follow(), Growth::kAnew);
  EXPECT_EQ(followed->Follow(), Growth::kNone);
  EXPECT_EQ(StepsOf(*followed), 3000u);
  EXPECT_TRUE(RunHistory::Open(log.path(), options)->at_end());
  EXPECT_TRUE(IsWhole(**FollowedHistory::Open(log.path(), options, 20'000)));
}

TEST(FollowedHistory, EndsWhileItReads) {
  WrittenLog log;
  log.Start();
  for (uint64_t step = 1; step <= 3000; ++step) log.Step(step, 5);
  log.Write();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(FollowedHistory::Open(log.path(), {}, 20'000).ok());
}

TEST(FollowedHistory, NoLog_IsAnError) {
  EXPECT_EQ(FollowedHistory::Open("/nowhere/log.jsonl", {}).status().code(), Code::kBadInput);
}

}  // namespace
}  // namespace cllm
