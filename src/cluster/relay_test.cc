#include "cluster/relay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <mutex>
#include <string>
#include <vector>

#include "cluster/testing/thread_team.h"

namespace cllm {
namespace {

std::string RelayedText(size_t size) {
  std::string text(size, ' ');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31 + i / 1021);
  return text;
}

struct Relayed {
  std::vector<std::string> texts;  // by rank, as far as written
  std::vector<Status> told;        // by rank
};

// Sends a text; a read from `bad_read` on fails, and so do the writes of rank `bad_writer`.
Relayed RelayBetween(size_t ranks, const std::string& text, size_t bad_read = ~size_t{0},
                     size_t bad_writer = ~size_t{0}) {
  Relayed result{.texts = std::vector<std::string>(ranks), .told = std::vector<Status>(ranks)};
  std::mutex mutex;
  const auto outcome = ThreadTeam(ranks, {.delay = 1}).Run([&](Communicator& communicator) {
    const size_t me = communicator.rank().index;
    std::string got;
    uint64_t size = ~uint64_t{0};
    RelayEnds ends;
    if (me == 0) {
      ends.size = text.size();
      ends.read = [&](std::span<std::byte> bytes) -> Status {
        if (got.size() + bytes.size() > bad_read) return Failed("the disk is broken");
        std::memcpy(bytes.data(), text.data() + got.size(), bytes.size());
        got += AsText(bytes);
        return {};
      };
    }
    ends.begin = [&](uint64_t bytes) { return size = bytes, Status(); };
    ends.write = [&](ByteView bytes) -> Status {
      if (me == bad_writer) return Failed("the disk is full");
      got += AsText(bytes);
      return {};
    };
    const auto hash = Relay(communicator, ends, kLongPatience);
    EXPECT_TRUE(!hash.ok() || *hash == HashBytes(AsBytes(text)));
    EXPECT_TRUE(me == 0 || size == text.size());
    const std::lock_guard lock(mutex);
    result.texts[me] = got;
    result.told[me] = hash.status();
  });
  EXPECT_TRUE(outcome.all_ended());
  return result;
}

TEST(Relay, BringsTextsOfAnySizeToAnyNumberOfRanks) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{1} << 20, (size_t{5} << 20) + 17}) {
    const std::string text = RelayedText(size);
    for (const size_t ranks : {1u, 2u, 3u, 7u}) {
      const Relayed result = RelayBetween(ranks, text);
      for (size_t rank = 0; rank < ranks; ++rank) {
        EXPECT_TRUE(result.told[rank].ok()) << result.told[rank].message();
        EXPECT_TRUE(result.texts[rank] == text) << size << " bytes, rank " << rank << " of " << ranks;
      }
    }
  }
}

TEST(Relay, AReadThatFails_IsToldToAll) {
  const Relayed result = RelayBetween(4, RelayedText(size_t{6} << 20), size_t{2} << 20);
  EXPECT_EQ(result.told[0].message(), "the disk is broken");
  for (size_t rank = 1; rank < 4; ++rank) {
    EXPECT_THAT(result.told[rank].message(), testing::HasSubstr("rank 0 could not read"));
  }
}

TEST(Relay, ARankThatCannotWrite_StillPassesItOn) {
  const std::string text = RelayedText((size_t{6} << 20) + 5);
  const Relayed result = RelayBetween(4, text, ~size_t{0}, 1);  // 1 passes it on to 3
  EXPECT_EQ(result.told[1].message(), "the disk is full");
  EXPECT_TRUE(result.told[3].ok());
  EXPECT_TRUE(result.texts[3] == text);
}

}  // namespace
}  // namespace cllm
