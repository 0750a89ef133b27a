#include "cluster/handshake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <string>
#include <vector>

#include "cluster/testing/thread_team.h"

namespace cllm {
namespace {

std::vector<Fact> Facts() {
  return {{"the program", "0.2.0", "install the same"},
          {"numerics", "2", "install the same"},
          {"the corpus", "ab", "copy it"}};
}

// What each rank is told, by rank.
template <typename Change>
std::vector<Status> Shake(size_t ranks, const Change& change) {
  std::vector<Status> told(ranks);
  std::mutex mutex;
  EXPECT_TRUE(ThreadTeam(ranks, {.piece_bytes = 40, .delay = 2})
                  .Run([&](Communicator& communicator) {
                    std::vector<Fact> facts = Facts();
                    change(communicator.rank().index, facts);
                    const Status status = Handshake(communicator, facts, kLongPatience);
                    const std::lock_guard lock(mutex);
                    told[communicator.rank().index] = status;
                  })
                  .all_ended());
  return told;
}

TEST(Handshake, EqualFacts_AreFine) {
  for (const size_t ranks : {1u, 2u, 3u, 5u}) {
    for (const Status& status : Shake(ranks, [](size_t, std::vector<Fact>&) {}))
      EXPECT_TRUE(status.ok()) << status.message();
  }
}

TEST(Handshake, AnUnequalFact_IsOneSentenceOnAllRanks) {
  const auto told = Shake(3, [](size_t rank, std::vector<Fact>& facts) {
    if (rank == 2) facts[1].value = "3";
  });
  for (const Status& status : told) {
    EXPECT_EQ(status.code(), Code::kBadInput);
    EXPECT_EQ(status.message(), "numerics of rank 2 on thread2 is 3, that of rank 0 on thread0 is 2: install the same");
  }
}

TEST(Handshake, OfSeveralDifferences_TheFirstIsTold) {
  const auto told = Shake(4, [](size_t rank, std::vector<Fact>& facts) {
    if (rank == 3) facts[0].value = "0.1.0";
    if (rank == 1) facts[1].value = "1", facts[2].value = "";
  });
  for (const Status& status : told)
    EXPECT_THAT(status.message(), testing::StartsWith("numerics of rank 1 on thread1 is 1,"));
}

TEST(Handshake, OtherOrMoreOrFewerNames_AreAnotherProgram) {
  const auto other = [](size_t rank, std::vector<Fact>& facts) {
    if (rank == 1) facts[2].name = "the text";
  };
  const auto more = [](size_t rank, std::vector<Fact>& facts) {
    if (rank == 1) facts.push_back({"the moon", "full", ""});
  };
  const auto fewer = [](size_t rank, std::vector<Fact>& facts) {
    if (rank == 1) facts.pop_back();
  };
  const auto none = [](size_t rank, std::vector<Fact>& facts) {
    if (rank == 1) facts.clear();
  };
  const std::string expected =
      "rank 1 on thread1 tells of other things than rank 0 on thread0: start the same program on all "
      "ranks";
  for (const Status& status : Shake(2, other)) EXPECT_EQ(status.message(), expected);
  for (const Status& status : Shake(2, more)) EXPECT_EQ(status.message(), expected);
  for (const Status& status : Shake(2, fewer)) EXPECT_EQ(status.message(), expected);
  for (const Status& status : Shake(2, none)) EXPECT_EQ(status.message(), expected);
}

TEST(Handshake, ASilentRank_IsNamed) {
  ThreadTeam(2, {.silent_rank = 1}).Run([](Communicator& ranks) {
    const Status status = Handshake(ranks, Facts(), 0.2);
    EXPECT_EQ(status.code(), Code::kFailed);
    EXPECT_THAT(status.message(), testing::HasSubstr("rank 1 on thread1 sent nothing of the comparison at the start"));
  });
}

}  // namespace
}  // namespace cllm
