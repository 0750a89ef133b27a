#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "program.h"

// The program on a terminal: no line of progress scrolls, whatever the width of the window.
namespace cllm::testing {
namespace {

using ::testing::HasSubstr;

// What a terminal of so many columns makes of what is written to it: rows of single-column characters that grow for
// ever. Knows the few sequences that the program uses, and breaks rows anew when it is resized, as tmux does.
class Terminal {
 public:
  explicit Terminal(size_t columns) : columns_(columns) {}

  void Write(std::string_view text) {
    for (const char c : text) Put(c);
  }

  void Resize(size_t columns) {
    columns_ = columns;
    std::vector<Row> broken;
    size_t row = 0, column = 0;
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (i == row_) row = broken.size() + column_ / columns, column = column_ % columns;
      std::string_view rest = rows_[i].text;
      broken.push_back({std::string(rest.substr(0, columns)), rows_[i].continues});
      while (rest.size() > columns) {
        rest.remove_prefix(columns);
        broken.push_back({std::string(rest.substr(0, columns)), false});
      }
    }
    row_ = row, column_ = column;
    if (broken.size() <= row_) broken.resize(row_ + 1);
    rows_ = std::move(broken);
  }

  // Every row, and whether writing went beyond the window's right edge into the next one.
  struct Row {
    std::string text;
    bool continues = false;
  };
  const std::vector<Row>& rows() const { return rows_; }
  size_t RowsWith(std::string_view text) const {
    size_t count = 0;
    for (const Row& row : rows_) count += row.text.find(text) != row.text.npos;
    return count;
  }
  std::string Text() const {
    std::string all;
    for (const Row& row : rows_) all += row.text + '\n';
    return all;
  }

 private:
  void Put(char c) {
    if (!sequence_.empty()) return Sequence(c);
    switch (c) {
      case '\033': sequence_ = "\033"; return;
      case '\r': column_ = 0; return;
      case '\n':
        if (++row_ == rows_.size()) rows_.emplace_back();
        return;
      default: break;
    }
    if (column_ == columns_) {
      column_ = 0;
      if (++row_ == rows_.size()) rows_.emplace_back();
      rows_[row_].continues = true;
    }
    std::string& text = rows_[row_].text;
    if (text.size() <= column_) text.resize(column_ + 1, ' ');
    text[column_++] = c;
  }

  void Sequence(char c) {
    sequence_ += c;
    if (c < '@' || c > '~' || c == '[') return;
    const size_t number = std::strtoul(sequence_.c_str() + 2, nullptr, 10);
    sequence_.clear();
    if (c == 'A') row_ -= std::min(row_, number);
    if (c == 'K' || c == 'J') rows_[row_].text.resize(std::min(column_, rows_[row_].text.size()));
    if (c == 'J') rows_.resize(row_ + 1);
  }

  size_t columns_;
  std::vector<Row> rows_ = std::vector<Row>(1);
  size_t row_ = 0, column_ = 0;
  std::string sequence_;  // an escape sequence that is not complete
};

// Runs the program on a terminal of its own. resize_at: after the first text that holds this, the window is resized.
struct Window {
  unsigned short columns = 80;
  std::string resize_at = "";
  unsigned short resized = 80;
};
struct Shown {
  Terminal terminal;
  std::string bytes;
  int exit_code = -1;
};

Shown RunInWindow(const Sandbox& box, std::vector<std::string> arguments, const Window& window) {
  winsize size{.ws_row = 50, .ws_col = window.columns, .ws_xpixel = 0, .ws_ypixel = 0};
  int terminal = -1;
  const pid_t pid = forkpty(&terminal, nullptr, nullptr, &size);
  if (pid == 0) {
    setenv("CLLM_CACHE", box.path("cache").c_str(), 1);
    setenv("TERM", "tmux-256color", 1);
    setenv("TMUX", "a terminal that breaks lines anew", 1);
    unsetenv("NO_COLOR");
    std::vector<char*> argv = {const_cast<char*>("cllm")};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    execv(ProgramPath().c_str(), argv.data());
    _exit(127);
  }
  Shown shown{.terminal = Terminal(window.columns), .bytes = "", .exit_code = -1};
  bool resized = window.resize_at.empty();
  char buffer[4096];
  for (ssize_t n; (n = read(terminal, buffer, sizeof buffer)) > 0;) {
    shown.bytes.append(buffer, static_cast<size_t>(n));
    shown.terminal.Write({buffer, static_cast<size_t>(n)});
    if (resized || shown.bytes.find(window.resize_at) == std::string::npos) continue;
    resized = true;
    size.ws_col = window.resized;
    EXPECT_EQ(ioctl(terminal, TIOCSWINSZ, &size), 0);
    shown.terminal.Resize(window.resized);
    // What the program wrote before it could know stands in the pipe of the terminal; nothing else is waited for.
  }
  int status = 0;
  waitpid(pid, &status, 0);
  close(terminal);
  EXPECT_TRUE(resized) << shown.bytes;
  shown.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return shown;
}

class OnATerminal : public ::testing::Test {
 protected:
  std::vector<std::string> Training(const std::string& run, const std::string& steps) {
    std::vector<std::string> arguments = TinyRun(text_, run, steps);
    arguments.pop_back();  // --quiet
    arguments.insert(arguments.end(), {"--eval-every", "100", "--save-every", "1000"});
    return arguments;
  }
  Sandbox box_;
  std::string text_ = box_.Write("text.txt", SomeText(20000));
};

// The row of the last step and no other one of a step.
void ExpectOneLineOfProgress(const Shown& shown, const std::string& last) {
  EXPECT_EQ(shown.exit_code, 0) << shown.bytes;
  size_t rows = 0;
  for (const Terminal::Row& row : shown.terminal.rows())
    rows += row.text.starts_with("step ") || row.text.starts_with("[");
  EXPECT_EQ(rows, 1u) << shown.terminal.Text();
  EXPECT_EQ(shown.terminal.RowsWith(last), 1u) << shown.terminal.Text();
}

TEST_F(OnATerminal, Train_TheProgressLineNeverScrolls) {
  for (const unsigned short columns : std::initializer_list<unsigned short>{40, 80, 200}) {
    const std::string run = box_.path("run" + std::to_string(columns));
    const Shown shown = RunInWindow(box_, Training(run, "300"), {.columns = columns});
    ExpectOneLineOfProgress(shown, "step 300/300 | loss ");
    EXPECT_THAT(shown.bytes, HasSubstr("\r\033[Kstep "));
  }
}

TEST_F(OnATerminal, Train_NorWhenTheWindowIsResizedOnTheWay) {
  const std::vector<std::pair<unsigned short, unsigned short>> kSizes = {{200, 80}, {80, 40}, {200, 40}, {40, 200}};
  for (const auto& [from, to] : kSizes) {
    const std::string run = box_.path("run" + std::to_string(from) + "-" + std::to_string(to));
    const Shown shown =
        RunInWindow(box_, Training(run, "300"), {.columns = from, .resize_at = "step ", .resized = to});
    SCOPED_TRACE(std::to_string(from) + " to " + std::to_string(to));
    ExpectOneLineOfProgress(shown, "step 300/300 | loss ");
  }
}

// Rows that a line of sentences runs over, but for words that are longer than the window.
size_t BrokenRows(const Terminal& terminal) {
  size_t count = 0;
  for (const Terminal::Row& row : terminal.rows()) count += row.continues;
  return count;
}

TEST_F(OnATerminal, PlanAndMemory_WrapAtWords) {
  const Shown shown = RunInWindow(box_, Training(box_.path("run"), "2"), {.columns = 60});
  EXPECT_EQ(shown.exit_code, 0);
  EXPECT_THAT(shown.bytes, HasSubstr("plan:"));
  const std::string text = shown.terminal.Text();
  EXPECT_THAT(text, HasSubstr("\nmemory"));
  EXPECT_THAT(text, HasSubstr("packed"));
  size_t in_plan = 0;
  bool within = false;
  for (const Terminal::Row& row : shown.terminal.rows()) {
    within = (within && row.text.find("step 2/2") == row.text.npos) || row.text.starts_with("plan: ");
    EXPECT_FALSE(within && row.continues) << row.text;
    in_plan += within;
  }
  EXPECT_GT(in_plan, 4u) << text;
}

TEST_F(OnATerminal, Help_WrapsAtWords) {
  for (const char* command : {"train", "eval", "generate", "inspect"}) {
    for (const unsigned short columns : std::initializer_list<unsigned short>{40, 80}) {
      const Shown shown = RunInWindow(box_, {command, "--help"}, {.columns = columns});
      EXPECT_EQ(shown.exit_code, 0);
      std::string before;
      for (const Terminal::Row& row : shown.terminal.rows()) {
        // Only an example's command is wider: it is to be pasted.
        EXPECT_TRUE(!row.continues || before.find("  cllm ") != before.npos) << shown.terminal.Text();
        if (!row.continues) before = row.text;
      }
    }
  }
  EXPECT_EQ(BrokenRows(RunInWindow(box_, {"--help"}, {.columns = 60}).terminal), 0u);
}

TEST_F(OnATerminal, ANote_WrapsAtWords) {
  const std::string folder = box_.path("folder");
  box_.Write("folder/a.txt", SomeText(9000));
  box_.Write("folder/b.txt", SomeText(9000));
  box_.Write("folder/pictures/c.bin", std::string(3000, '\0'));
  const Shown shown = RunInWindow(box_, TinyRun(folder, box_.path("run"), "2"), {.columns = 80});
  EXPECT_EQ(shown.exit_code, 0) << shown.bytes;
  EXPECT_EQ(shown.terminal.RowsWith("note: "), 2u) << shown.terminal.Text();
}

TEST_F(OnATerminal, TablesOfRuns_AndNotesOfGenerate_FitTheWindow) {
  const std::string run = box_.path("run");
  ASSERT_EQ(box_.Run(TinyRun(text_, run, "2")).exit_code, 0);
  ASSERT_EQ(box_.Run(TinyRun(text_, run + "-with-a-name-that-is-longer-than-windows-are-wide", "3")).exit_code, 0);
  const std::string whole = box_.Run({"runs", box_.path("")}).out;
  EXPECT_THAT(whole, HasSubstr("longer-than-windows-are-wide  "));
  EXPECT_THAT(whole, HasSubstr("disk\n"));
  for (const unsigned short columns : std::initializer_list<unsigned short>{40, 60, 80}) {
    const Shown runs = RunInWindow(box_, {"runs", box_.path("")}, {.columns = columns});
    EXPECT_EQ(runs.exit_code, 0) << runs.bytes;
    EXPECT_EQ(BrokenRows(runs.terminal), 0u) << runs.terminal.Text();
    EXPECT_EQ(runs.terminal.RowsWith("windows-are-wide "), 1u) << "the end of a name stays\n" << runs.terminal.Text();
    EXPECT_EQ(runs.terminal.RowsWith("bits/byte"), 1u);
    const Shown generated = RunInWindow(
        box_, {"generate", run, "-p", std::string(400, 'a'), "--count", "2", "-n", "1"}, {.columns = columns});
    EXPECT_EQ(generated.exit_code, 0) << generated.bytes;
    EXPECT_EQ(generated.terminal.RowsWith("note: "), 2u) << generated.terminal.Text();
    EXPECT_EQ(BrokenRows(generated.terminal), 0u) << generated.terminal.Text();
  }
}

TEST_F(OnATerminal, SomethingIsShown_BeforeAnythingIsRead) {
  const Shown train = RunInWindow(box_, Training(box_.path("run"), "2"), {.columns = 80});
  EXPECT_THAT(train.bytes, ::testing::StartsWith("\r\033[Kreading"));
  EXPECT_THAT(train.bytes, ::testing::ContainsRegex("tokenizing|evaluating|step "));
  const Shown eval = RunInWindow(box_, {"eval", box_.path("run"), text_}, {.columns = 80});
  EXPECT_EQ(eval.exit_code, 0) << eval.bytes;
  EXPECT_THAT(eval.bytes, ::testing::StartsWith("\r\033[Kopening the model"));
  EXPECT_EQ(eval.terminal.RowsWith("opening") + eval.terminal.RowsWith("evaluating"), 0u) << eval.terminal.Text();
}

// The command that stands in the rows of a wide window, run by a shell.
TEST_F(OnATerminal, PrintedCommands_CanBePasted) {
  const std::string run = box_.path("it's a \"run\" of $HOME");
  const Shown shown = RunInWindow(box_, Training(run, "2"), {.columns = 1000});
  ASSERT_EQ(shown.exit_code, 0) << shown.bytes;
  const size_t begin = shown.bytes.find("cllm resume ");
  ASSERT_NE(begin, std::string::npos);
  std::string command = shown.bytes.substr(begin, shown.bytes.find('\r', begin) - begin);
  command = "CLLM_CACHE='" + box_.path("cache") + "' '" + ProgramPath() + "'" + command.substr(4) + " --quiet";
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  EXPECT_TRUE(Exists(run + "/checkpoints/step-4"));
}

TEST_F(OnATerminal, RatesThatSpoilTheWeights_AndLostPatience_AreToldWithWhatToDo) {
  std::vector<std::string> arguments = TinyRun(text_, box_.path("run"), "600");
  arguments.insert(arguments.end(), {"--eval-every", "5", "--patience", "2", "--lr", "0.3", "--embedding-lr", "0.3",
                                     "--warmup", "1"});
  const Outcome outcome = box_.Run(arguments);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("note: --patience 2 ended the training at step "));
}

}  // namespace
}  // namespace cllm::testing
