#include "cluster/await.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "cluster/testing/thread_team.h"

namespace cllm {
namespace {

using ::testing::HasSubstr;
using Channel = Communicator::Channel;

TEST(Await, TellsTheSizeOfEachMessage) {
  const auto outcome = ThreadTeam(3, {.piece_bytes = 16, .delay = 5}).Run([](Communicator& ranks) {
    const size_t me = ranks.rank().index;
    const std::array<std::byte, 100> mine{};
    std::array<std::array<std::byte, 100>, 3> theirs;
    std::vector<Communicator::Ticket> tickets;
    for (size_t k = 1; k < 3; ++k) {
      const size_t to = (me + k) % 3, from = (me + 3 - k) % 3;
      tickets.push_back(ranks.Receive(from, Channel::kState, theirs[from]));
      tickets.push_back(ranks.Send(to, Channel::kState, std::span(mine).first(10 * me + to)));
    }
    std::array<size_t, 4> sizes{};
    ASSERT_TRUE(Await(ranks, tickets, kLongPatience, "a test", sizes).ok());
    for (size_t k = 1; k < 3; ++k) {
      const size_t to = (me + k) % 3, from = (me + 3 - k) % 3;
      EXPECT_EQ(sizes[2 * (k - 1)], 10 * from + me);
      EXPECT_EQ(sizes[2 * (k - 1) + 1], 10 * me + to);
    }
  });
  EXPECT_TRUE(outcome.all_ended());
}

TEST(Await, OfNothing_IsDone) {
  ThreadTeam(1).Run([](Communicator& ranks) { EXPECT_TRUE(Await(ranks, {}, 0, "nothing").ok()); });
}

TEST(Await, NamesTheRankThatIsSilent) {
  const auto outcome = ThreadTeam(3, {.silent_rank = 2, .silent_after = 0}).Run([](Communicator& ranks) {
    std::array<std::byte, 8> bytes{};
    const size_t me = ranks.rank().index;
    std::vector<Communicator::Ticket> tickets;
    for (size_t peer = 0; peer < 3; ++peer) {
      if (peer != me) tickets.push_back(ranks.Receive(peer, Channel::kOrders, bytes));
    }
    for (size_t peer = 0; peer < 3; ++peer) {
      if (peer != me) tickets.push_back(ranks.Send(peer, Channel::kOrders, bytes));
    }
    const Status status = Await(ranks, tickets, 0.2, "the orders");
    EXPECT_EQ(status.code(), Code::kFailed);
    EXPECT_THAT(status.message(), HasSubstr("rank 2 on thread2 sent nothing of the orders for 0.2 s"));
  });
  EXPECT_FALSE(outcome.aborted);
  EXPECT_THAT(outcome.ended, testing::ElementsAre(1, 1, 0));
}

TEST(Await, WithoutPatience_IsOverAtOnce) {
  ThreadTeam(2).Run([](Communicator& ranks) {
    if (ranks.rank().first()) return;
    std::array<std::byte, 8> bytes{};
    const Communicator::Ticket ticket = ranks.Receive(0, Channel::kState, bytes);
    const Status status = Await(ranks, {&ticket, 1}, 0, "the weights");
    EXPECT_THAT(status.message(), HasSubstr("rank 0 on thread0 sent nothing of the weights for 0 s"));
  });
}

// A rank that computes between two looks has not lost its patience meanwhile.
TEST(Patience, CountsOnlyItsOwnTurns) {
  ThreadTeam(2).Run([](Communicator& ranks) {
    std::array<std::byte, 1> byte{};
    if (ranks.rank().first()) {
      const Communicator::Ticket answer = ranks.Receive(1, Channel::kOrders, byte);
      EXPECT_TRUE(Await(ranks, {&answer, 1}, kLongPatience, "a test").ok());
      return;
    }
    const Communicator::Ticket nothing = ranks.Receive(0, Channel::kState, byte);
    Patience patience(ranks, 0.05);
    EXPECT_TRUE(patience.Turn({&nothing, 1}, "a test").ok());
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    EXPECT_TRUE(patience.Turn({&nothing, 1}, "a test").ok()) << "200 ms of its own";
    const Communicator::Ticket answer = ranks.Send(0, Channel::kOrders, byte);
    EXPECT_TRUE(Await(ranks, {&answer, 1}, kLongPatience, "a test").ok());
  });
}

}  // namespace
}  // namespace cllm
