#include "train/rank_team.h"

#include <gtest/gtest.h>

#include "cluster/testing/thread_team.h"

namespace cllm {
namespace {

TEST(RankTeam, Alone_AgreesWithItself) {
  RankTeam team;
  EXPECT_TRUE(team.alone() && team.leads());
  EXPECT_TRUE(team.FirstSays({}).ok());
  EXPECT_EQ(team.Agree(BadInput("what I say")).message(), "what I say");
  int value = 3;
  EXPECT_TRUE(team.Share(value).ok());
  EXPECT_EQ(value, 3);
  EXPECT_EQ(team.Gather(7)->size(), 1u);
  const auto agreed = team.AgreeOn({.stop_signal = 15, .save = true});
  ASSERT_TRUE(agreed.ok());
  EXPECT_EQ(agreed->stop_signal, 15);
  EXPECT_TRUE(agreed->save);
}

TEST(RankTeam, WhatAnyRankAsks_AllKnow_TheClockOfTheFirstAlone) {
  const auto outcome = ThreadTeam(3).Run([](Communicator& ranks) {
    RankTeam team(ranks);
    const size_t me = team.rank().index;
    const auto agreed = team.AgreeOn({.stop_signal = me == 2 ? 15 : 0,
                                      .save = me == 1,
                                      .save_late = me == 1,
                                      .evaluate = me == 0,
                                      .sample = me == 2});
    ASSERT_TRUE(agreed.ok());
    EXPECT_EQ(agreed->stop_signal, 15);
    EXPECT_TRUE(agreed->save && agreed->evaluate && agreed->sample);
    EXPECT_FALSE(agreed->save_late);
  });
  EXPECT_TRUE(outcome.all_ended());
}

TEST(RankTeam, Errors_OfTheLowestRank_OrOfTheFirstAlone) {
  const auto outcome = ThreadTeam(4, {.delay = 3}).Run([](Communicator& ranks) {
    RankTeam team(ranks);
    const size_t me = team.rank().index;
    const Status agreed = team.Agree(me >= 2 ? Diverged("rank " + std::to_string(me)) : Status());
    EXPECT_EQ(agreed.code(), Code::kDiverged);
    EXPECT_EQ(agreed.message(), "rank 2");
    EXPECT_TRUE(team.Agree({}).ok());
    size_t asked = 0;
    const Status first = team.OnFirst([&] {
      ++asked;
      return NoResources("the disk is full");
    });
    EXPECT_EQ(first.message(), "the disk is full");
    EXPECT_EQ(asked, me == 0 ? 1u : 0u);
    EXPECT_TRUE(team.OnFirst([] { return Status(); }).ok());
    EXPECT_TRUE(team.lost().ok());
  });
  EXPECT_TRUE(outcome.all_ended());
}

TEST(RankTeam, TextsOfAnyLength_AndBytesBetweenTwo) {
  const auto outcome = ThreadTeam(3).Run([](Communicator& ranks) {
    RankTeam team(ranks);
    for (const size_t size : {0u, 1u, 70'000u, 600'000u}) {
      std::string text = team.leads() ? std::string(size, 'x') : "something else";
      ASSERT_TRUE(team.ShareText(text).ok());
      EXPECT_EQ(text, std::string(size, 'x'));
    }
    std::vector<std::byte> bytes(300'000, std::byte(team.rank().index));
    const auto channel = Communicator::Channel::kState;
    Status moved;
    if (team.rank().index == 1) moved = team.SendTo(2, bytes, channel);
    if (team.rank().index == 2) moved = team.ReceiveFrom(1, bytes, channel);
    ASSERT_TRUE(moved.ok()) << moved.message();
    EXPECT_EQ(bytes[299'999], std::byte(team.rank().index == 2 ? 1 : team.rank().index));
  });
  EXPECT_TRUE(outcome.all_ended());
}

TEST(RankTeam, APeerThatIsLost_StaysLost) {
  ThreadTeam(2, {.silent_rank = 1, .silent_after = 6}).Run([](Communicator& ranks) {
    RankTeam team(ranks, 0.2);
    Status status;
    for (int i = 0; i < 100 && status.ok(); ++i) status = team.Gather(i).status();
    EXPECT_EQ(status.code(), Code::kFailed);
    EXPECT_EQ(team.lost().message(), status.message());
    int value = 0;
    EXPECT_EQ(team.Share(value).message(), status.message());
    EXPECT_EQ(team.FirstSays({}).message(), status.message());
  });
}

TEST(RankTeam, Patience_GrowsWithTheWork_AndIsLongForOneWhoWorksAlone) {
  ThreadTeam(2).Run([](Communicator& ranks) {
    RankTeam team(ranks, 5);
    EXPECT_EQ(team.patience_s(), 5);
    team.Expect(10);
    EXPECT_GE(team.patience_s(), 25);
    {
      const RankTeam::LongWait wait(team);
      EXPECT_GE(team.patience_s(), 600);
    }
    EXPECT_LT(team.patience_s(), 100);
  });
}

}  // namespace
}  // namespace cllm
