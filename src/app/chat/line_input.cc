#include "app/chat/line_input.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include "app/chat/line_editor.h"
#include "base/system.h"

namespace cllm {
namespace {

constexpr size_t kMaxLineBytes = size_t{16} << 20;
constexpr const char* kPrompt = "> ";
constexpr const char* kFurther = ". ";
constexpr std::string_view kQuotes = "\"\"\"";

class Plain final : public LineInput {
 public:
  explicit Plain(Interrupts& interrupts) : interrupts_(interrupts), terminal_(isatty(STDIN_FILENO) != 0) {}

  bool interactive() const override { return terminal_; }

  Result<Event> Read(const std::string& prompt, std::string& line) override {
    if (terminal_) std::fprintf(stderr, "%s", prompt.c_str());
    while (true) {
      const size_t end = pending_.find('\n', searched_);
      if (end != pending_.npos) return Take(end, end + 1, line);
      searched_ = pending_.size();
      if (at_end_) return pending_.empty() ? Event::kEnd : Take(pending_.size(), pending_.size(), line);
      if (pending_.size() > kMaxLineBytes) {
        return BadInput(fmt::format("standard input: a line of more than {} MiB, expected at most that",
                                    kMaxLineBytes >> 20));
      }
      switch (interrupts_.WaitFor(STDIN_FILENO)) {
        case Interrupts::Woken::kInput: CLLM_TRY(Fill()); break;
        case Interrupts::Woken::kShowAnew:
        case Interrupts::Woken::kTime: break;
        case Interrupts::Woken::kStop: return Event::kEnd;
        case Interrupts::Woken::kInterrupt: return Event::kInterrupted;
      }
    }
  }

 private:
  Event Take(size_t end, size_t next, std::string& line) {
    line = pending_.substr(0, end);
    if (line.ends_with('\r')) line.pop_back();
    pending_.erase(0, next);
    searched_ = 0;
    return Event::kLine;
  }

  Status Fill() {
    std::array<char, 1 << 16> block;
    const ssize_t count = read(STDIN_FILENO, block.data(), block.size());
    if (count < 0 && errno != EINTR) {
      return BadInput(fmt::format("standard input cannot be read: {}", SystemErrorText(errno)));
    }
    at_end_ = count == 0;
    pending_.append(block.data(), static_cast<size_t>(std::max<ssize_t>(count, 0)));
    return {};
  }

  Interrupts& interrupts_;
  const bool terminal_;
  std::string pending_;
  size_t searched_ = 0;  // bytes of it without the end of a line
  bool at_end_ = false;
};

// Reads on to the closing quotes.
Result<LineInput::Event> ReadQuoted(LineInput& input, std::string& message) {
  message.erase(0, kQuotes.size());
  while (!message.ends_with(kQuotes)) {
    std::string line;
    CLLM_ASSIGN(const LineInput::Event event, input.Read(kFurther, line));
    if (event == LineInput::Event::kInterrupted) return event;
    if (event == LineInput::Event::kEnd) return LineInput::Event::kLine;
    // Nothing stands between opening quotes and the end of their line.
    message = message.empty() ? std::move(line) : message + '\n' + line;
  }
  message.resize(message.size() - kQuotes.size());
  if (message.ends_with('\n')) message.pop_back();
  return LineInput::Event::kLine;
}

}  // namespace

std::unique_ptr<LineInput> PlainLines(Interrupts& interrupts) { return std::make_unique<Plain>(interrupts); }

std::unique_ptr<LineInput> InputLines(Interrupts& interrupts) {
  const std::string terminal = EnvironmentVariable("TERM").value_or("");
  const bool knows_more =
      isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0 && !terminal.empty() && terminal != "dumb";
  return knows_more ? LineEditor(interrupts) : PlainLines(interrupts);
}

Result<LineInput::Event> ReadMessage(LineInput& input, std::string& message) {
  CLLM_ASSIGN(const LineInput::Event event, input.Read(kPrompt, message));
  if (event != LineInput::Event::kLine) return event;
  if (message.starts_with(kQuotes)) return ReadQuoted(input, message);
  while (message.ends_with('\\')) {
    message.back() = '\n';
    std::string line;
    CLLM_ASSIGN(const LineInput::Event further, input.Read(kFurther, line));
    if (further == LineInput::Event::kInterrupted) return further;
    message += line;
    if (further == LineInput::Event::kEnd) break;
  }
  return LineInput::Event::kLine;
}

}  // namespace cllm
