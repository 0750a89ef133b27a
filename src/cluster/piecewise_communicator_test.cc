#include "cluster/piecewise_communicator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "cluster/await.h"
#include "cluster/testing/thread_team.h"

namespace cllm {
namespace {

using Channel = Communicator::Channel;
using Message = std::vector<std::byte>;

Message Pattern(size_t from, size_t to, size_t number, size_t size) {
  Message bytes(size);
  for (size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<std::byte>(i * 7 + from * 31 + to * 101 + number * 13 + i / 251);
  return bytes;
}

// Every rank sends messages of all these sizes to every other, on two channels at once, the sizes in another order
// there.
void ExchangeAll(Communicator& ranks, const std::vector<size_t>& sizes) {
  const auto [me, count] = ranks.rank();
  std::vector<Communicator::Ticket> tickets;
  std::vector<Message> sent, received, expected;
  sent.reserve(2 * count * sizes.size());
  received.reserve(2 * count * sizes.size());
  for (size_t peer = 0; peer < count; ++peer) {
    if (peer == me) continue;
    for (size_t i = 0; i < sizes.size(); ++i) {
      for (const Channel channel : {Channel::kGradient, Channel::kWeights}) {
        const bool second = channel == Channel::kWeights;
        const size_t size = sizes[second ? sizes.size() - 1 - i : i], number = 2 * i + (second ? 1 : 0);
        sent.push_back(Pattern(me, peer, number, size));
        expected.push_back(Pattern(peer, me, number, size));
        received.emplace_back(size);
        tickets.push_back(ranks.Send(peer, channel, sent.back()));
        tickets.push_back(ranks.Receive(peer, channel, received.back()));
      }
    }
  }
  const Status status = Await(ranks, tickets, kLongPatience, "a test");
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(received, expected);
  uint64_t total = 0;
  for (const Message& bytes : sent) total += bytes.size();
  EXPECT_EQ(ranks.bytes_sent(), total);
  EXPECT_EQ(ranks.bytes_received(), total);
}

TEST(PiecewiseCommunicator, MessagesArriveWhole_HoweverTheyAreCutAndDelayed) {
  const std::vector<size_t> sizes = {0, 1, 7, 8, 9, 16, 17, 100, 0, 1000, 3};
  for (const size_t piece_bytes : {9u, 17u, 64u, 65544u}) {
    for (const uint32_t delay : {0u, 3u}) {
      SCOPED_TRACE(testing::Message() << piece_bytes << " bytes, delay " << delay);
      const ThreadTeam team(3, {.piece_bytes = piece_bytes, .delay = delay, .seed = piece_bytes + delay});
      EXPECT_TRUE(team.Run([&](Communicator& ranks) { ExchangeAll(ranks, sizes); }).all_ended());
    }
  }
}

TEST(PiecewiseCommunicator, LargeMessages_GoInManyPieces) {
  const ThreadTeam team(2, {.delay = 1});
  const std::vector<size_t> sizes = {65536 - 1, 65536, 65536 + 1, 3 * 65536, 3'000'001};
  EXPECT_TRUE(team.Run([&](Communicator& ranks) { ExchangeAll(ranks, sizes); }).all_ended());
}

TEST(PiecewiseCommunicator, AMessageMayBeShorterThanItsPlace) {
  const ThreadTeam team(2, {.piece_bytes = 16, .delay = 2});
  team.Run([](Communicator& ranks) {
    const size_t peer = 1 - ranks.rank().index;
    for (const size_t size : {0u, 5u, 8u, 9u, 40u, 100u}) {
      const Message mine = Pattern(0, 0, 0, size);
      Message theirs(100, std::byte{0xee});
      const std::array tickets = {ranks.Send(peer, Channel::kState, mine),
                                  ranks.Receive(peer, Channel::kState, theirs)};
      std::array<size_t, 2> sizes{};
      ASSERT_TRUE(Await(ranks, tickets, kLongPatience, "a test", sizes).ok());
      EXPECT_EQ(sizes[1], size);
      for (size_t i = 0; i < 100; ++i) EXPECT_EQ(theirs[i], i < size ? mine[i] : std::byte{0xee});
    }
  });
}

TEST(PiecewiseCommunicator, AMessageThatIsTooLong_IsAnErrorForGood) {
  ThreadTeam(2, {.piece_bytes = 32}).Run([](Communicator& ranks) {
    Message bytes(ranks.rank().first() ? 101 : 100);
    const Communicator::Ticket ticket = ranks.rank().first()
                                            ? ranks.Send(1, Channel::kState, std::span<const std::byte>(bytes))
                                            : ranks.Receive(0, Channel::kState, bytes);
    if (ranks.rank().first()) {
      EXPECT_TRUE(Await(ranks, {&ticket, 1}, kLongPatience, "a test").ok()) << "all its pieces went";
      return;
    }
    EXPECT_THAT(Await(ranks, {&ticket, 1}, kLongPatience, "a test").message(),
                testing::HasSubstr("a message of rank 0 has 101 bytes, expected 100 at most"));
    EXPECT_FALSE(ranks.Progress().ok());
  });
}

TEST(PiecewiseCommunicator, TicketsAreUsedAgain) {
  ThreadTeam(2).Run([](Communicator& ranks) {
    const size_t peer = 1 - ranks.rank().index;
    std::byte mine{1}, theirs{};
    for (int i = 0; i < 100; ++i) {
      const std::array tickets = {ranks.Send(peer, Channel::kState, {&mine, 1}),
                                  ranks.Receive(peer, Channel::kState, {&theirs, 1})};
      EXPECT_LT(std::max(tickets[0], tickets[1]), 2u);
      EXPECT_EQ(ranks.way(tickets[0]).peer, peer);
      EXPECT_FALSE(ranks.way(tickets[0]).incoming);
      EXPECT_TRUE(ranks.way(tickets[1]).incoming);
      ASSERT_TRUE(Await(ranks, tickets, kLongPatience, "a test").ok());
    }
  });
}

TEST(PiecewiseCommunicator, AbortEndsAllRanks) {
  const auto outcome = ThreadTeam(3).Run([](Communicator& ranks) {
    if (ranks.rank().index == 1) ranks.Abort(5);
    std::byte byte{};
    const Communicator::Ticket ticket = ranks.Receive(1, Channel::kState, {&byte, 1});
    (void)Await(ranks, {&ticket, 1}, kLongPatience, "a test");
    ADD_FAILURE() << "goes on after an abort";
  });
  EXPECT_EQ(outcome.aborted, 5);
  EXPECT_THAT(outcome.ended, testing::Each(0));
}

}  // namespace
}  // namespace cllm
