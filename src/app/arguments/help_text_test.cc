#include "app/arguments/help_text.h"

#include <gtest/gtest.h>

#include <sstream>

#include "app/command_table.h"
#include "terminal/wrap.h"

namespace cllm {
namespace {

const CommandPage kPage = {
    .name = "sing",
    .summary = "Sings.",
    .rows = {{.name = "SONG", .help = "what", .required = true},
             {.name = "-n,--times", .value = "N", .initial = "1", .help = "how often", .environment = "CLLM_TIMES"},
             {.name = "--loud", .help = "not softly"},
             {.name = "WORDS", .help = "words", .repeats = true}},
    .examples = {"cllm sing hymn -n 2"}};

TEST(HelpText, ShowsEachRow) {
  EXPECT_EQ(HelpText(kPage),
            "Sings.\n\nUsage: cllm sing [OPTIONS] SONG [WORDS...]\n\nArguments:\n"
            "  SONG                        what\n  WORDS...                    words\n\nOptions:\n"
            "  -n, --times N               how often [1] (env CLLM_TIMES)\n"
            "  --loud                      not softly\n"
            "  -h, --help                  show this\n\nExamples:\n  cllm sing hymn -n 2\n");
}

// No line but a command to copy, or a single word, is wider than the terminal.
TEST(HelpText, FitsEveryWidth) {
  for (const CommandPage& page : Pages()) {
    for (const size_t width : {size_t{40}, size_t{60}, size_t{80}, size_t{200}}) {
      std::istringstream lines(WrapPage(HelpText(page), width));
      for (std::string line; std::getline(lines, line) && line != "Examples:";) {
        const size_t start = line.find_first_not_of(' ');
        const bool one_word = start == line.npos || line.find(' ', start) == line.npos || line.find('`') != line.npos;
        EXPECT_TRUE(line.size() <= width || one_word) << page.name << ": " << line;
      }
    }
  }
}

TEST(Pages, EveryCommandAndBenchmark_SaysWhatItTakes) {
  const std::vector<CommandPage> pages = Pages();
  EXPECT_EQ(pages.size(), Commands().size() - 2 + Benchmarks().size() + RunsCommands().size());
  for (const CommandPage& page : pages) {
    EXPECT_NE(page.summary, "") << page.name;
    ASSERT_FALSE(page.examples.empty()) << page.name;
    for (const std::string& example : page.examples) {
      EXPECT_NE(example.find(' '), example.npos) << page.name << ": " << example;
    }
    for (const OptionRow& row : page.rows) {
      EXPECT_NE(row.help, "") << page.name << " " << row.name;
      EXPECT_EQ(row.help.find("(env "), row.help.npos) << row.help;
    }
  }
}

}  // namespace
}  // namespace cllm
