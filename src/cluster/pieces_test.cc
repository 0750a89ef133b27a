#include "cluster/pieces.h"

#include <gtest/gtest.h>

#include <cstring>

#include "cluster/testing/thread_team.h"

namespace cllm {
namespace {

constexpr PiecesOptions kOptions{
    .channel = Communicator::Channel::kGradient, .largest = 64, .patience_s = 60, .what = "numbers"};

// What rank `from` sends to `to` as a piece.
uint64_t Number(size_t from, size_t to, size_t piece) { return from * 1'000'000 + to * 10'000 + piece; }

// Every rank sends every other one so many pieces that differ.
Status Exchange(Communicator& ranks, size_t pieces, size_t& taken) {
  const Rank rank = ranks.rank();
  std::vector<PiecesOut> out;
  std::vector<PiecesIn> in;
  for (size_t peer = 0; peer < rank.count; ++peer) {
    if (peer == rank.index) continue;
    out.push_back(
        {.to = {peer}, .pieces = pieces + peer, .fill = [rank, peer](size_t piece, std::span<std::byte> buffer) {
           const uint64_t number = Number(rank.index, peer, piece);
           std::memcpy(buffer.data(), &number, sizeof(number));
           return sizeof(number);
         }});
    in.push_back({.from = peer, .pieces = pieces + rank.index,
                  .take = [rank, peer, &taken](size_t piece, std::span<const std::byte> bytes) {
                    uint64_t number = 0;
                    if (bytes.size() != sizeof(number)) return Failed("another size");
                    std::memcpy(&number, bytes.data(), sizeof(number));
                    ++taken;
                    return number == Number(peer, rank.index, piece) ? Status() : Failed("another number");
                  }});
  }
  return MovePieces(ranks, out, in, kOptions);
}

TEST(Pieces, AllToAll_ArriveInOrder_HoweverLate) {
  for (const size_t count : {1u, 2u, 3u, 5u}) {
    for (const uint32_t delay : {0u, 7u}) {
      const auto outcome = ThreadTeam(count, {.piece_bytes = 48, .delay = delay}).Run([&](Communicator& ranks) {
        for (const size_t pieces : {0u, 1u, 8u, 41u}) {
          size_t taken = 0;
          const Status moved = Exchange(ranks, pieces, taken);
          EXPECT_TRUE(moved.ok()) << moved.message();
          EXPECT_EQ(taken, (count - 1) * (pieces + ranks.rank().index));
        }
      });
      EXPECT_TRUE(outcome.all_ended());
    }
  }
}

TEST(Pieces, Broadcast_OfAnySize_ReachesAll) {
  const auto outcome = ThreadTeam(3).Run([](Communicator& ranks) {
    for (const size_t size : {0u, 1u, 64u, 65u, 1000u}) {
      for (size_t from = 0; from < 3; ++from) {
        std::vector<std::byte> bytes(size, std::byte(ranks.rank().index == from ? 7 + from : 0));
        EXPECT_TRUE(Broadcast(ranks, from, bytes, kOptions).ok());
        EXPECT_EQ(bytes, std::vector<std::byte>(size, std::byte(7 + from)));
      }
    }
  });
  EXPECT_TRUE(outcome.all_ended());
}

TEST(Pieces, ARefusedPiece_IsTheError) {
  ThreadTeam(2).Run([](Communicator& ranks) {
    const PiecesOut out{.to = {1}, .pieces = 1, .fill = [](size_t, std::span<std::byte>) { return size_t{3}; }};
    const PiecesIn in{.from = 0, .pieces = 1, .take = [](size_t, std::span<const std::byte> got) {
                        return got.size() == 3 ? Failed("not this") : Status();
                      }};
    if (ranks.rank().first()) {
      EXPECT_TRUE(MovePieces(ranks, {&out, 1}, {}, kOptions).ok());
    } else {
      EXPECT_EQ(MovePieces(ranks, {}, {&in, 1}, kOptions).message(), "not this");
    }
  });
}

TEST(Pieces, ASilentRank_EndsTheWait) {
  ThreadTeam(2, {.silent_rank = 1}).Run([](Communicator& ranks) {
    PiecesOptions options = kOptions;
    options.patience_s = 0.2;
    std::vector<std::byte> bytes(10);
    const Status status = Broadcast(ranks, 1, bytes, options);
    EXPECT_EQ(status.code(), Code::kFailed);
    EXPECT_NE(status.message().find("rank 1"), std::string::npos) << status.message();
    EXPECT_NE(status.message().find("numbers"), std::string::npos) << status.message();
  });
}

}  // namespace
}  // namespace cllm
