#include "spheres/team.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "spheres/spheres.h"
#include "spheres/testing/started.h"

namespace cllm {
namespace {

TEST(Team, Share_AnyNumbers_PartsCoverAllInOrderAndAreEqual) {
  for (const size_t size : {1u, 2u, 3u, 7u, 63u}) {
    for (const size_t multiple : {1u, 32u, 5u}) {
      for (const size_t things : {0u, 1u, 31u, 32u, 33u, 97u, 1000u, 2017u}) {
        size_t covered = 0, smallest = things, largest = 0;
        for (size_t member = 0; member < size; ++member) {
          const Range part = Team{.member = member, .size = size}.Share(things, multiple);
          ASSERT_EQ(part.begin, covered);
          ASSERT_GE(part.end, part.begin);
          ASSERT_TRUE(part.end == things || part.end % multiple == 0) << part.end;
          covered = part.end;
          smallest = std::min(smallest, part.size());
          largest = std::max(largest, part.size());
        }
        ASSERT_EQ(covered, things);
        // The last piece may be short, apart from that one piece more or less.
        ASSERT_LE(largest - smallest, 2 * multiple - 1) << things << " things, multiples of " << multiple;
      }
    }
  }
}

TEST(Team, Default_IsATeamOfOneWithoutSpheres) {
  const Team team;
  team.Meet();
  EXPECT_EQ(team.Share(33, 32).begin, 0u);
  EXPECT_EQ(team.Share(33, 32).end, 33u);
}

// Each member writes a cell, meets, reads its neighbour's, meets. Plain memory on purpose: the meetings alone order the
// accesses (proven by the thread sanitizer).
void ExpectMembersSeeEachOther(const Team& team, std::vector<uint64_t>& cells, uint64_t turns) {
  for (uint64_t turn = 1; turn <= turns; ++turn) {
    cells[team.member] += turn;
    team.Meet();
    ASSERT_EQ(cells[(team.member + 1) % team.size], turn * (turn + 1) / 2);
    team.Meet();
  }
}

TEST(Team, Barrier_ManyMeetings_NobodyRunsAheadAndWritesAreSeen) {
  for (const size_t members : {1u, 2u, 3u, 7u}) {
    for (const Spin spin : {Spin::kBriefly, Spin::kNever}) {
      TeamBarrier barrier(members, spin);
      std::vector<uint64_t> cells(members);
      std::vector<std::jthread> threads;
      for (size_t member = 0; member < members; ++member) {
        threads.emplace_back([&, member] {
          ExpectMembersSeeEachOther({.member = member, .size = members, .barrier = &barrier}, cells, 300);
        });
      }
    }
  }
}

TEST(Team, RunTeam_AnyMembersLeavesAndPermits_AllRunAtTheSameTimeOnTheirOwnLeaves) {
  struct Case {
    size_t leaves, permits, members;
  };
  for (const Case& c : {Case{1, 1, 1}, Case{2, 2, 2}, Case{7, 2, 1}, Case{7, 2, 2}, Case{7, 7, 7}, Case{63, 7, 2},
                        Case{63, 7, 7}, Case{63, 63, 63}, Case{145, 63, 63}, Case{5, 9, 5}}) {
    const auto spheres = StartOrDie({.leaves = c.leaves, .permits = c.permits});
    EXPECT_EQ(spheres->team_size(), std::min(c.leaves, c.permits));
    std::set<std::vector<size_t>> placings;
    for (int phase = 0; phase < 5; ++phase) {
      std::vector<uint64_t> cells(c.members);
      std::vector<size_t> leaf_of(c.members, c.leaves);
      std::atomic<size_t> calls = 0;
      const Status status = spheres->RunTeam(c.members, [&](Leaf& leaf, const Team& team) {
        ++calls;
        ASSERT_EQ(team.size, c.members);
        leaf_of[team.member] = leaf.index;
        ExpectMembersSeeEachOther(team, cells, 20);  // would hang if a member waited for another's end
      });
      ASSERT_TRUE(status.ok()) << status.message();
      EXPECT_EQ(calls, c.members);
      EXPECT_EQ(std::set<size_t>(leaf_of.begin(), leaf_of.end()).size(), c.members);
      placings.insert(leaf_of);
      // Phases of items in between find everything as before.
      std::atomic<size_t> items = 0;
      ASSERT_TRUE(spheres->Run(100, [&](Leaf&, size_t) -> Status { return ++items, Status(); }).ok());
      EXPECT_EQ(items, 100u);
    }
    EXPECT_EQ(placings.size(), 1u) << "members changed their leaves";
    uint64_t counted = 0;
    for (const LeafStatistics& leaf : spheres->Statistics().leaves) counted += leaf.items;
    EXPECT_EQ(counted, 5 * (c.members + 100));
  }
}

TEST(Team, RunTeam_SpheresDestroyedInMidPhase_ThePhaseIsFinished) {
  for (const size_t leaves : {2u, 63u}) {
    auto spheres = StartOrDie({.leaves = leaves, .permits = 7});
    Spheres* running = spheres.get();
    const size_t members = running->team_size();
    std::atomic<bool> begun = false, stopping = false;
    std::atomic<size_t> done = 0;
    Status first;
    std::jthread node_zero([&] {
      first = running->RunTeam(members, [&](Leaf&, const Team& team) {
        begun = true;
        while (!stopping) std::this_thread::yield();
        for (int turn = 0; turn < 200; ++turn) team.Meet();
        ++done;
      });
    });
    while (!begun) std::this_thread::yield();
    std::jthread stopper([&] {
      stopping = true;
      spheres.reset();
    });
    node_zero.join();
    stopper.join();
    EXPECT_TRUE(first.ok()) << first.message();
    EXPECT_EQ(done, members);
  }
}

TEST(Team, RunTeam_WorkThrows_Terminates) {
  const auto run = [] {
    const auto spheres = StartOrDie({.leaves = 2});
    (void)spheres->RunTeam(1, [](Leaf&, const Team&) { throw 1; });
  };
  EXPECT_DEATH(run(), "");
}

}  // namespace
}  // namespace cllm
