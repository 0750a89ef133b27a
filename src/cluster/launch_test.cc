#include "cluster/launch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "cluster/testing/thread_team.h"

namespace cllm {
namespace {

using ::testing::HasSubstr;
using Variables = std::map<std::string, std::string>;

Result<Launch> Read(const Variables& variables) {
  return ReadLaunch([&](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  });
}

TEST(Launch, WithoutALauncher_IsAlone) {
  // The last two: a shell and a batch script of Slurm, where a program is started without srun.
  for (const Variables& variables :
       {Variables{}, Variables{{"PMI_SIZE", "1"}}, Variables{{"OMPI_COMM_WORLD_SIZE", "1"}},
        Variables{{"SLURM_STEP_NUM_TASKS", "1"}}, Variables{{"SLURM_NTASKS", "4"}},
        Variables{{"SLURM_NTASKS", "4"}, {"SLURM_PROCID", "0"}}}) {
    const auto launch = Read(variables);
    ASSERT_TRUE(launch.ok()) << launch.status().message();
    EXPECT_TRUE(launch->alone());
  }
}

TEST(Launch, ReadsTheRanksOfOpenMpiAndOfSlurmWithPmix) {
  EXPECT_EQ(Read({{"OMPI_COMM_WORLD_SIZE", "3"}, {"PMIX_RANK", "0"}})->ranks, 3u);
  EXPECT_EQ(Read({{"OMPI_COMM_WORLD_SIZE", "3"}})->launcher, "mpirun");
  EXPECT_EQ(Read({{"PMIX_RANK", "1"}, {"SLURM_STEP_NUM_TASKS", "4"}, {"SLURM_NTASKS", "8"}})->ranks, 4u);
  EXPECT_EQ(Read({{"PMIX_RANK", "1"}, {"SLURM_NTASKS", "8"}})->ranks, 8u);
  EXPECT_EQ(Read({{"PMIX_RANK", "1"}, {"SLURM_NTASKS", "8"}})->launcher, "srun");
  // Another launcher, which does not say how many: MPI does.
  EXPECT_EQ(Read({{"PMIX_RANK", "0"}})->ranks, 0u);
  EXPECT_FALSE(Read({{"PMIX_RANK", "0"}})->alone());
  EXPECT_TRUE(CheckSize({"a launcher with PMIx", 0}, 5, "Open MPI 4.1.4").ok());
  // mpirun inside a job of Slurm.
  EXPECT_EQ(Read({{"OMPI_COMM_WORLD_SIZE", "2"}, {"SLURM_STEP_NUM_TASKS", "8"}})->ranks, 2u);
}

TEST(Launch, ProgramsThatWouldEachBelieveToBeAlone_AreRefused) {
  const auto refused = [](const Variables& variables) {
    const auto launch = Read(variables);
    EXPECT_EQ(launch.status().code(), Code::kUsage);
    return launch.status().message();
  };
  EXPECT_THAT(refused({{"PMI_SIZE", "2"}, {"PMI_RANK", "0"}}), HasSubstr("use Open MPI's mpirun"));
  EXPECT_THAT(refused({{"PMI_SIZE", "2"}, {"SLURM_STEP_NUM_TASKS", "2"}}), HasSubstr("srun --mpi=pmix"));
  EXPECT_THAT(refused({{"SLURM_STEP_NUM_TASKS", "2"}}), HasSubstr("srun --mpi=pmix"));
}

TEST(Launch, UnreadableCounts_AreNone) {
  for (const char* text : {"", "x", "-2", "2x", " 2", "99999999999999999999999"}) {
    const auto launch = Read({{"OMPI_COMM_WORLD_SIZE", text}});
    ASSERT_TRUE(launch.ok());
    EXPECT_TRUE(launch->alone()) << text;
  }
}

TEST(Launch, AnotherSizeThanClaimed_IsRefused) {
  EXPECT_TRUE(CheckSize({"mpirun", 3}, 3, "Open MPI 4.1.4").ok());
  const Status status = CheckSize({"mpirun", 3}, 1, "Open MPI 4.1.4");
  EXPECT_EQ(status.code(), Code::kUsage);
  EXPECT_THAT(status.message(), HasSubstr("mpirun started 3 ranks, but Open MPI 4.1.4 sees 1"));
}

TEST(Launch, FewerCoresThanThreads_AreTold) {
  EXPECT_EQ(BindingNote({"", 1}, 4, 1), std::nullopt);
  EXPECT_EQ(BindingNote({"mpirun", 2}, 2, 2), std::nullopt);
  EXPECT_THAT(*BindingNote({"mpirun", 2}, 2, 1), HasSubstr("mpirun has bound this rank to 1 core for 2 threads: use "));
  EXPECT_THAT(*BindingNote({"srun", 2}, 8, 4), HasSubstr("srun has bound this rank to 4 cores for 8 threads: ask "));
}

TEST(Launch, RanksOfOneHost_AreCounted) {
  ThreadTeam(3).Run([](Communicator& ranks) {
    const Rank local = RankOfHost(ranks);  // each thread of a team has a host of its own
    EXPECT_EQ(local.index, 0u);
    EXPECT_EQ(local.count, 1u);
  });
}

}  // namespace
}  // namespace cllm
