#include "app/console.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>

#include "app/flag_names.h"
#include "base/file.h"
#include "base/system.h"
#include "base/units.h"

namespace cllm {
namespace {

constexpr double kBarInterval_s = 0.2;
constexpr double kLineInterval_s = 10;
constexpr size_t kBarWidth = 20;
constexpr uint64_t kStepsBeforeEta = 10;

std::string ClockAfter(double seconds) {
  const std::time_t when = std::time(nullptr) + static_cast<std::time_t>(seconds);
  std::tm local{};
  localtime_r(&when, &local);
  return fmt::format("{:02}:{:02}:{:02}", local.tm_hour, local.tm_min, local.tm_sec);
}

}  // namespace

ConsoleStyle ChooseConsoleStyle(bool quiet) {
  if (quiet) return ConsoleStyle::kQuiet;
  const bool plain =
      EnvironmentVariable("NO_COLOR").value_or("") != "" || EnvironmentVariable("TERM").value_or("dumb") == "dumb";
  return isatty(STDERR_FILENO) != 0 && !plain ? ConsoleStyle::kBar : ConsoleStyle::kLines;
}

std::string ProgressText(const StepEvent& r, const std::string& validation, ConsoleStyle style) {
  std::string text = fmt::format("step {}/{}", r.step, r.total);
  if (style == ConsoleStyle::kBar) {
    const size_t filled = static_cast<size_t>(kBarWidth * r.step / r.total);
    text += " [" + std::string(filled, '=') + std::string(kBarWidth - filled, ' ') + "]";
  }
  text += fmt::format(" loss {:.4f}{} | {} tok/s", r.smooth_loss, validation,
                      FormatCount(static_cast<uint64_t>(r.tokens_per_s)));
  if (r.peak_share > 0) text += fmt::format(" | {:.0f}% of peak", 100 * r.peak_share);
  if (r.step >= kStepsBeforeEta) text += fmt::format(" | eta {} ({})", FormatDuration(r.eta_s), ClockAfter(r.eta_s));
  return text;
}

void ConsoleObserver::OnStep(const StepEvent& event) {
  if (style_ == ConsoleStyle::kQuiet) return;
  const double now = MonotonicSeconds();
  const bool bar = style_ == ConsoleStyle::kBar;
  const bool last = event.step == event.total;
  if (!last && now - shown_at_ < (bar ? kBarInterval_s : kLineInterval_s)) return;
  shown_at_ = now;
  const std::string text = ProgressText(event, validation_, style_);
  if (bar) {
    std::fprintf(stderr, "\r\033[K%s", text.c_str());
    line_open_ = true;
  } else {
    std::fprintf(stderr, "%s\n", text.c_str());
  }
  std::fflush(stderr);
}

void ConsoleObserver::OnEvaluation(const EvaluationEvent& event) {
  validation_ = fmt::format(" val {:.4f} ({:.4f} bits/byte)", event.loss_token, event.bits_per_byte);
  if (style_ != ConsoleStyle::kLines) return;
  std::fprintf(stderr, "step %llu: validation %.4f nats per token, %.4f bits per byte%s%s\n",
               static_cast<unsigned long long>(event.step), event.loss_token, event.bits_per_byte,
               event.whole ? " over the whole validation part" : "", event.best ? ", the best so far" : "");
}

void ConsoleObserver::OnSkippedSave(const SkippedSaveEvent& event) { Note(event.reason); }
void ConsoleObserver::OnNote(const NoteEvent& event) { Note(event.sentence); }

void ConsoleObserver::OnRollback(const RollbackEvent& event) {
  Note(fmt::format("{}; back to step {} with the rate times {}", event.reason, event.step, event.rate_scale));
}

void ConsoleObserver::OnEnd(const EndEvent&) { Break(); }

void ConsoleObserver::Note(const std::string& sentence) {
  Break();
  std::fprintf(stderr, "note: %s\n", WithFlags(sentence).c_str());
}

void ConsoleObserver::Break() {
  if (line_open_) std::fputc('\n', stderr);
  line_open_ = false;
}

}  // namespace cllm
