#include "report/run_screen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "history/testing/written_log.h"
#include "terminal/text_width.h"

namespace cllm::report {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class RunScreenTest : public testing::Test {
 protected:
  std::vector<std::string> Screen(ScreenWishes wishes) {
    const RunHistory history = *ReadRunHistory(log_.Write());
    wishes.name = name_, wishes.state = "running";
    return RunScreen(history, FactsOf(history, history.changed(), true), wishes);
  }
  void Train(uint64_t steps) {
    log_.Start();
    for (uint64_t step = 1; step <= steps; ++step) {
      log_.Step(step, 3 + 4.0 / static_cast<double>(step));
      if (step % 10 == 0) log_.Evaluation(step, 3 + 5.0 / static_cast<double>(step));
    }
  }
  WrittenLog log_;
  std::string name_ = "book-1";
};

TEST_F(RunScreenTest, ShowsCurvesStateAndAnswers) {
  Train(60);
  const std::string screen = fmt::format("{}", fmt::join(Screen({.columns = 80, .rows = 24}), "\n"));
  EXPECT_THAT(screen, AllOf(StartsWith("book-1  running"), HasSubstr("step 60/100 (60%)"), HasSubstr(". training "),
                            HasSubstr("o validation 3.0833 (best 3.0833 at step 60)"), HasSubstr("1.5417 bits/byte"),
                            HasSubstr("1,000 tok/s"), HasSubstr("50% of peak"), HasSubstr("learning: yes"),
                            HasSubstr("memorising: no"), HasSubstr("end: in 1m00s")));
  EXPECT_THAT(screen, AllOf(Not(HasSubstr("\033")), Not(HasSubstr("\xE2"))));
}

TEST_F(RunScreenTest, EveryWindow_IsKeptTo) {
  Train(60);
  log_.Event("diverged", 60,
             R"("text":"a reason that is long enough to be broken into several lines in most of the windows")");
  name_ = "a run with a name that is wider than most windows 漢字漢字漢字";
  for (const size_t columns : {1u, 2u, 7u, 19u, 20u, 40u, 80u, 300u}) {
    for (const size_t rows : {1u, 2u, 5u, 9u, 12u, 24u, 100u}) {
      for (const bool unicode : {false, true}) {
        const auto lines = Screen({.columns = columns, .rows = rows, .unicode = unicode});
        EXPECT_LE(lines.size(), rows) << columns;
        for (const std::string& line : lines) EXPECT_LE(ColumnsOf(line), columns) << rows << line;
      }
    }
  }
}

TEST_F(RunScreenTest, FortyColumns_StillHaveACurve) {
  Train(60);
  const auto lines = Screen({.columns = 40, .rows = 20, .unicode = true});
  EXPECT_THAT(lines, Contains(HasSubstr("└──")));
  EXPECT_THAT(lines, Contains(HasSubstr("o")));
}

TEST_F(RunScreenTest, NoSteps_AreToldSo) {
  log_.Start();
  EXPECT_THAT(Screen({.columns = 60, .rows = 20}), Contains("no step was logged yet"));
}

TEST_F(RunScreenTest, OneStep_OrNoNumbers_AreDrawn) {
  log_.Start().Step(1, 5);
  EXPECT_THAT(Screen({.columns = 60, .rows = 20}), Contains(HasSubstr("+---")));
  log_.Line(R"({"step":2,"loss":null,"loss_token":null,"nan":true})");
  EXPECT_THAT(Screen({.columns = 60, .rows = 20, .log_x = true, .log_y = true}), Contains(HasSubstr("+---")));
}

TEST_F(RunScreenTest, TextsOfOthers_DoNothingToATerminal) {
  log_.Start().Step(1, 5).Event("diverged", 1, R"("text":"a \u001b[31m reason \u0007")");
  name_ = "evil\033[2Jname";
  for (const std::string& line : Screen({.columns = 80, .rows = 24})) {
    EXPECT_THAT(line, AllOf(Not(HasSubstr("\033")), Not(HasSubstr("\x07"))));
  }
}

TEST_F(RunScreenTest, EveryAxis_IsLabelled) {
  log_.Start("run_start", 0, 1700000000);
  for (uint64_t step = 1; step <= 40; ++step) log_.Step(step, 5, 1700000000 + static_cast<double>(step));
  for (const Axis axis : {Axis::kStep, Axis::kTokens, Axis::kSeconds, Axis::kTime}) {
    const auto lines = Screen({.columns = 70, .rows = 20, .axis = axis});
    const auto edge = std::find_if(lines.begin(), lines.end(),
                                   [](const std::string& line) { return line.find("+---") != line.npos; });
    ASSERT_NE(edge, lines.end());
    EXPECT_NE((edge + 1)->find_first_of("0123456789"), std::string::npos) << NameOf(axis);
  }
}

TEST_F(RunScreenTest, Line_SaysTheSameInShort) {
  Train(20);
  const RunHistory history = *ReadRunHistory(log_.Write());
  EXPECT_THAT(RunLine(history, FactsOf(history, history.changed(), true)),
              AllOf(StartsWith("step 20/100 (20%) | loss "), HasSubstr(" | val 3.2500 | "), HasSubstr("1m00s left")));
}

}  // namespace
}  // namespace cllm::report
