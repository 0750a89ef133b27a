#include "report/reported_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/testing/source_directory.h"
#include "history/testing/written_log.h"

namespace cllm::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string ReleasedRun() { return SourceDirectory() + "/tests/released/0.1.0/run"; }

TEST(ReportedRun, Run_HasItsRecordAndConfiguration) {
  const ReportedRun run = *ReadReportedRun(ReleasedRun(), {}, 0);
  EXPECT_EQ(run.name, "run");
  EXPECT_EQ(run.history.steps(), 6u);
  ASSERT_TRUE(run.record);
  EXPECT_FALSE(run.running);
  const auto seed = std::find_if(run.configuration.begin(), run.configuration.end(),
                                 [](const auto& one) { return one.first == "seed"; });
  EXPECT_NE(seed, run.configuration.end());
}

TEST(ReportedRun, LogAlone_IsEnough) {
  WrittenLog log;
  log.Start().Step(1, 5).Write();
  for (const std::string& path : {log.path(), log.directory().path()}) {
    const ReportedRun run = *ReadReportedRun(path, {}, 0);
    EXPECT_FALSE(run.record);
    EXPECT_EQ(run.history.steps(), 1u);
  }
}

TEST(ReportedRun, NoRun_IsRefusedWithWhatWasFound) {
  const TemporaryDirectory empty;
  EXPECT_THAT(ReadReportedRun("/nowhere/run", {}, 0).status().message(), HasSubstr("found nothing there"));
  EXPECT_THAT(ReadReportedRun(empty.path(), {}, 0).status().message(), HasSubstr("a directory without one"));
  EXPECT_THAT(ReadReportedRuns({empty.path()}, {}, 0).status().message(),
              HasSubstr("a directory with runs, found none"));
}

TEST(ReportedRun, DirectoryOfRuns_StandsForThem_AndNoneComesTwice) {
  const TemporaryDirectory root;
  for (const char* name : {"a", "b"}) {
    std::filesystem::copy(ReleasedRun(), root / name,
                          std::filesystem::copy_options::recursive | std::filesystem::copy_options::copy_symlinks);
  }
  const auto runs = *ReadReportedRuns({root / "b", root.path()}, {}, 0);
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].name, "b");
  EXPECT_EQ(runs[1].name, "a");
}

TEST(ReportedRun, Names_TellRunsApart) {
  EXPECT_THAT(ShortNames({"runs/a"}), ElementsAre("a"));
  EXPECT_THAT(ShortNames({"x/run", "y/run/", "z"}), ElementsAre("x/run", "y/run", "z"));
  EXPECT_THAT(ShortNames({"/", "."}), ElementsAre("/", "."));
}

}  // namespace
}  // namespace cllm::report
