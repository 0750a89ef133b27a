#include "cluster/mpi/mpi_wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <utility>
#include <vector>

namespace cllm {
namespace {

// What a table without MPI behind it has: one rank of two whose pieces are over when the test says so.
struct FakeSession {
  std::vector<std::pair<int, int>> over;  // numbers and bytes
  int next = 0;
  bool broken = false;
  int finished = 0;
};
FakeSession fake_session;
CllmMpiSession* Session() { return reinterpret_cast<CllmMpiSession*>(&fake_session); }

CllmMpiTable FakeTable() {
  fake_session = {};
  return {.form = kCllmMpiForm,
          .start = [](const char**) { return Session(); },
          .rank = [](const CllmMpiSession*) { return 1; },
          .count = [](const CllmMpiSession*) { return 2; },
          .version = [](const CllmMpiSession*) { return "No MPI 1.0"; },
          .host = [](const CllmMpiSession*, int rank) { return rank == 0 ? "north" : "south"; },
          .send = [](CllmMpiSession*, int, int, const void*, int) { return fake_session.next++; },
          .receive = [](CllmMpiSession*, int, int, void*, int) { return fake_session.next++; },
          .poll =
              [](CllmMpiSession*, int* pieces, int* bytes, int) {
                if (fake_session.broken) return -1;
                int count = 0;
                for (const auto& [number, size] : std::exchange(fake_session.over, {})) {
                  pieces[count] = number;
                  bytes[count++] = size;
                }
                return count;
              },
          .error = [](const CllmMpiSession*) { return "the cable is cut"; },
          .abort = [](CllmMpiSession*, int) { pause(); },  // never returns, as where a peer is gone
          .finish = [](CllmMpiSession*) { ++fake_session.finished; }};
}

TEST(MpiWire, TellsOfTheSession_AndEndsItOnce) {
  const CllmMpiTable table = FakeTable();
  {
    auto started = MpiWire::Start(table);
    ASSERT_TRUE(started.ok());
    const MpiWire wire = *std::move(started);
    EXPECT_EQ(wire.rank().index, 1u);
    EXPECT_EQ(wire.rank().count, 2u);
    EXPECT_EQ(wire.name(), "No MPI 1.0");
    EXPECT_EQ(wire.host(0), "north");
    EXPECT_EQ(fake_session.finished, 0);
  }
  EXPECT_EQ(fake_session.finished, 1);
}

TEST(MpiWire, KnowsTheSizeOfWhatWentAndOfWhatCame) {
  const CllmMpiTable table = FakeTable();
  MpiWire wire = *MpiWire::Start(table);
  std::vector<std::byte> bytes(100);
  const Wire::Slot sent = wire.Send(0, Communicator::Channel::kState, bytes.data(), 70);
  const Wire::Slot awaited = wire.Receive(0, Communicator::Channel::kState, bytes.data(), 100);
  fake_session.over = {{static_cast<int>(awaited), 33}, {static_cast<int>(sent), 0}};
  std::vector<Wire::Over> over;
  ASSERT_TRUE(wire.Poll(&over).ok());
  ASSERT_EQ(over.size(), 2u);
  EXPECT_EQ(over[0].slot, awaited);
  EXPECT_EQ(over[0].bytes, 33u);
  EXPECT_EQ(over[1].slot, sent);
  EXPECT_EQ(over[1].bytes, 70u);
}

TEST(MpiWire, AnErrorOfTheLibrary_IsTold) {
  const CllmMpiTable table = FakeTable();
  MpiWire wire = *MpiWire::Start(table);
  fake_session.broken = true;
  std::vector<Wire::Over> over;
  EXPECT_THAT(wire.Poll(&over).message(), testing::HasSubstr("the cable is cut"));
}

TEST(MpiWire, WhereItCannotStart_IsAnError) {
  CllmMpiTable table = FakeTable();
  table.start = [](const char** error) -> CllmMpiSession* {
    *error = "no daemon";
    return nullptr;
  };
  EXPECT_THAT(MpiWire::Start(table).status().message(), testing::HasSubstr("MPI cannot be started: no daemon"));
}

TEST(MpiWireDeathTest, AnAbortThatHangs_EndsTheProcessAllTheSame) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        const CllmMpiTable table = FakeTable();
        MpiWire wire = *MpiWire::Start(table, 0.1);
        wire.Abort(7);
      },
      testing::ExitedWithCode(7), "");
}

TEST(MpiWireDeathTest, AnEndThatHangs_EndsTheProcessAllTheSame) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        CllmMpiTable table = FakeTable();
        table.finish = [](CllmMpiSession*) { pause(); };
        const MpiWire wire = *MpiWire::Start(table, 0.1);
      },
      testing::ExitedWithCode(EXIT_FAILURE), "");
}

}  // namespace
}  // namespace cllm
