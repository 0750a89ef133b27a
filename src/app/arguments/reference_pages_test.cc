#include "app/arguments/reference_pages.h"

#include <gtest/gtest.h>

#include "app/command_table.h"
#include "base/file.h"
#include "base/testing/source_directory.h"

namespace cllm {
namespace {

TEST(OptionsPage, TheCommittedOne_IsUpToDate) {
  const Result<std::string> page = ReadFile(SourceDirectory() + "/docs/options.md", 1 << 20);
  ASSERT_TRUE(page.ok()) << page.status().message();
  EXPECT_TRUE(*page == OptionsPage(Pages())) << "it is not: make it anew: cllm help --markdown > docs/options.md";
}

TEST(OptionsPage, NamesEveryOptionOfEveryCommand) {
  const std::string page = OptionsPage(Pages());
  for (const char* expected :
       {"## cllm train", "## cllm bench kernels", "`--top-k N`", "`CLLM_TOP_K`", "`CLLM_CACHE`"}) {
    EXPECT_NE(page.find(expected), page.npos) << expected;
  }
}

// What would end a cell of a table, or begin something else in it.
TEST(OptionsPage, CellsHoldTheirText) {
  const CommandPage odd = {.name = "x",
                           .summary = "X.",
                           .rows = {{.name = "--kind", .value = "a|b", .initial = "<none>", .help = "a|b, *.txt, \\n"}},
                           .examples = {}};
  EXPECT_NE(OptionsPage({odd}).find("| `--kind a\\|b` | \\<none> |  | a\\|b, \\*.txt, \\\\n |\n"), std::string::npos)
      << OptionsPage({odd});
}

TEST(ManualPage, TextIsNoRequest) {
  const CommandPage odd = {.name = "x",
                           .summary = ".TH is no request, 'so' is none, and `-n` is bold \\o/ \"q\" ~ ^",
                           .rows = {{.name = "--a-b", .help = "'quoted'"}},
                           .examples = {".x"}};
  const std::string page = ManualPage({odd});
  const CommandPage broken = {
      .name = "x", .summary = std::string(55, 'x') + " `cllm train` y", .rows = {}, .examples = {}};
  EXPECT_NE(ManualPage({broken}).find("\n\\fBcllm train\\fR y\n"), std::string::npos) << ManualPage({broken});
  for (const char* expected : {"\n\\&.TH is no request, \\(aqso\\(aq is none, and \\fB\\-n\\fR is bold",
                               " \\eo/ \\(dqq\\(dq \\(ti\n\\(ha\n",
                               ".B \\-\\-a\\-b\n\\&\\(aqquoted\\(aq\n", "\n\\&.x\n"}) {
    EXPECT_NE(page.find(expected), page.npos) << expected << "\n" << page;
  }
}

}  // namespace
}  // namespace cllm
