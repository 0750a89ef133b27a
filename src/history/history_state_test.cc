#include "history/history_state.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cllm {
namespace {

// A log's lines, taken one after the other.
class HistoryStateTest : public testing::Test {
 protected:
  bool Take(const std::string& line) {
    const bool taken = taker_.Take(line, offset_);
    offset_ += line.size() + 1;
    return taken;
  }

  HistoryState state_;
  RecordTaker taker_{state_};
  uint64_t offset_ = 0;
};

TEST_F(HistoryStateTest, Events_StandWhereTheirLinesDo) {
  EXPECT_TRUE(Take(R"({"event":"run_start","format":1,"step":0,"steps":9,"time":100})"));
  const uint64_t sample = offset_;
  EXPECT_TRUE(Take(R"({"event":"sample","step":4,"text":"a","time":101})"));
  ASSERT_EQ(state_.sessions.size(), 1u);
  const HistoryEvent& last = state_.events.back();
  EXPECT_EQ(last.kind, HistoryEventKind::kSample);
  EXPECT_EQ(last.step, 4u);
  EXPECT_EQ(last.time, 101);
  EXPECT_EQ(last.offset, sample);
  EXPECT_EQ(last.bytes, std::string(R"({"event":"sample","step":4,"text":"a","time":101})").size());
}

TEST_F(HistoryStateTest, Rollback_VoidsWhatCameLater) {
  EXPECT_TRUE(Take(R"({"event":"run_start","format":1,"step":0})"));
  EXPECT_TRUE(Take(R"({"event":"checkpoint","step":3})"));
  EXPECT_TRUE(Take(R"({"event":"checkpoint","step":6})"));
  EXPECT_TRUE(Take(R"({"event":"rollback","step":3})"));
  size_t checkpoints = 0;
  for (const HistoryEvent& event : state_.events) {
    if (event.kind != HistoryEventKind::kCheckpoint) continue;
    ++checkpoints;
    EXPECT_EQ(event.step, 3u);
  }
  EXPECT_EQ(checkpoints, 1u);
}

TEST_F(HistoryStateTest, WhatIsNoRecord_IsRefused) {
  for (const char* line : {"", "x", "[]", "{}", R"({"event":"run_start)", R"({"event":7})", R"({"step":-1})"}) {
    EXPECT_FALSE(Take(line)) << line;
  }
  EXPECT_TRUE(state_.events.empty());
}

}  // namespace
}  // namespace cllm
