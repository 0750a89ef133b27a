#include "app/console.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <sstream>

#include "app/arguments/flag_names.h"
#include "base/system.h"
#include "base/units.h"
#include "terminal/wrap.h"

namespace cllm {
namespace {

constexpr double kLineInterval_s = 10;
constexpr size_t kIndent = 2;
constexpr size_t kWholeLine = ~size_t{0} >> 1;
constexpr const char* kBold = "\033[1;32m";
constexpr const char* kPlain = "\033[0m";
constexpr const char* kNote = "note:";
constexpr const char* kColouredNote = "\033[1;33mnote:\033[0m";

// Where an evaluation looked.
std::string Measure(const EvaluationEvent& event) {
  if (event.whole) return "over the whole validation part";
  return fmt::format("on a sample of {} tokens", FormatCount(event.tokens));
}

}  // namespace

ConsoleStyle ChooseConsoleStyle(bool quiet) {
  if (quiet) return ConsoleStyle::kQuiet;
  const bool plain =
      EnvironmentVariable("NO_COLOR").value_or("") != "" || EnvironmentVariable("TERM").value_or("dumb") == "dumb";
  return isatty(STDERR_FILENO) != 0 && !plain ? ConsoleStyle::kBar : ConsoleStyle::kLines;
}

ConsoleObserver::ConsoleObserver(ConsoleStyle style) : style_(style) {
  if (style == ConsoleStyle::kBar) line_ = std::make_unique<LiveLine>();
}

void ConsoleObserver::OnStep(const StepEvent& event) {
  step_ = event.step;
  if (event.skipped) return;
  if (line_) line_->Step(event);
  if (style_ != ConsoleStyle::kLines) return;
  const double now = MonotonicSeconds();
  if (event.step != event.total && now - shown_at_ < kLineInterval_s) return;
  shown_at_ = now;
  Print(FitParts(StepParts(event, validation_), kWholeLine));
}

void ConsoleObserver::OnPhase(const PhaseEvent& event) {
  if (line_) line_->Phase(event);
  if (style_ != ConsoleStyle::kLines) return;
  const double now = MonotonicSeconds();
  if (event.name != phase_) {
    phase_ = event.name;
    phase_began_ = now;
  }
  if (event.share < 0 || now - phase_began_ < kLineInterval_s || now - shown_at_ < kLineInterval_s) return;
  shown_at_ = now;
  Print(FitParts(PhaseParts(event, now - phase_began_), kWholeLine));
}

void ConsoleObserver::OnEvaluation(const EvaluationEvent& event) {
  // Only values of one measure are compared: the last evaluation looks at more than those before.
  const bool comparable = sample_tokens_ == 0 || sample_tokens_ == event.tokens;
  if (!event.whole && sample_tokens_ == 0) sample_tokens_ = event.tokens;
  validation_ = {fmt::format("val {:.4f}{}", event.loss_token,
                             event.whole ? "" : comparable ? " (sample)" : " (larger sample)"),
                 fmt::format("{:.4f} bits/byte", event.bits_per_byte)};
  if (line_) line_->Validation(validation_);
  if (style_ != ConsoleStyle::kLines) return;
  const std::string weights = event.step < step_ ? fmt::format("the best weights, of step {}", event.step)
                                                 : fmt::format("step {}", event.step);
  Print(fmt::format("{}: validation {:.4f} nats per token, {:.4f} bits per byte {}{}", weights, event.loss_token,
                    event.bits_per_byte, Measure(event),
                    event.best && !event.whole && comparable ? ", the best so far on it" : ""));
}

void ConsoleObserver::OnSkippedSave(const SkippedSaveEvent& event) { Note(event.reason); }
void ConsoleObserver::OnNote(const NoteEvent& event) { Note(event.sentence); }

void ConsoleObserver::OnRollback(const RollbackEvent& event) {
  Note(fmt::format("{}; back to step {} with the rate times {}", event.reason, event.step, event.rate_scale));
}

void ConsoleObserver::OnEnd(const EndEvent&) {
  if (line_) line_->End();
}

void ConsoleObserver::Say(const std::string& text) {
  if (style_ != ConsoleStyle::kQuiet) SayAlways(text);
}

void ConsoleObserver::SayAlways(const std::string& text) {
  const size_t columns = TerminalColumns(STDERR_FILENO);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(' ')) line = Wrap(line, columns, kIndent);
    // On a terminal the first word stands out: plan:, memory, done:
    const size_t label = std::min(line.find(' '), line.size());
    if (line_ && label != 0) line = fmt::format("{}{}{}{}", kBold, line.substr(0, label), kPlain, line.substr(label));
    Print(line);
  }
}

void ConsoleObserver::Note(const std::string& sentence) {
  std::string text = Wrap(fmt::format("{} {}", kNote, WithFlags(sentence)), TerminalColumns(STDERR_FILENO), kIndent);
  // The first line begins at the margin.
  if (line_) text.replace(0, std::string(kNote).size(), kColouredNote);
  Print(text);
}

void ConsoleObserver::Print(const std::string& text) {
  if (line_) {
    line_->PrintAbove(text + "\n");
  } else {
    std::fprintf(stderr, "%s\n", text.c_str());
  }
}

}  // namespace cllm
