#include "app/console.h"

#include <fmt/format.h>
#include <unistd.h>
#include <utf8proc.h>

#include <cstdio>
#include <ctime>

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
  const bool plain = EnvironmentVariable("NO_COLOR").value_or("") != "" ||
                     EnvironmentVariable("TERM").value_or("dumb") == "dumb";
  return isatty(STDERR_FILENO) != 0 && !plain ? ConsoleStyle::kBar : ConsoleStyle::kLines;
}

std::string ProgressText(const StepReport& r, const std::string& validation, bool bar) {
  std::string text = fmt::format("step {}/{}", r.step, r.total);
  if (bar) {
    const size_t filled = static_cast<size_t>(kBarWidth * r.step / r.total);
    text += " [" + std::string(filled, '=') + std::string(kBarWidth - filled, ' ') + "]";
  }
  text += fmt::format(" loss {:.4f}{} | {} tok/s", r.smooth, validation,
                      FormatCount(static_cast<uint64_t>(r.tokens_per_s)));
  if (r.peak_share > 0) text += fmt::format(" | {:.0f}% of peak", 100 * r.peak_share);
  if (r.step >= kStepsBeforeEta) text += fmt::format(" | eta {} ({})", FormatDuration(r.eta_s), ClockAfter(r.eta_s));
  return text;
}

void ConsoleObserver::OnStep(const StepReport& report) {
  if (style_ == ConsoleStyle::kQuiet) return;
  const double now = MonotonicSeconds();
  const bool bar = style_ == ConsoleStyle::kBar;
  const bool last = report.step == report.total;
  if (!last && now - shown_at_ < (bar ? kBarInterval_s : kLineInterval_s)) return;
  shown_at_ = now;
  const std::string text = ProgressText(report, validation_, bar);
  if (bar) {
    std::fprintf(stderr, "\r\033[K%s", text.c_str());
    line_open_ = true;
  } else {
    std::fprintf(stderr, "%s\n", text.c_str());
  }
  std::fflush(stderr);
}

void ConsoleObserver::OnEvaluation(const EvaluationReport& report) {
  validation_ = fmt::format(" val {:.4f} ({:.4f} bits/byte)", report.scores.token, report.bits_per_byte);
  if (style_ != ConsoleStyle::kLines) return;
  std::fprintf(stderr, "step %llu: validation %.4f nats per token, %.4f bits per byte%s%s\n",
               static_cast<unsigned long long>(report.step), report.scores.token, report.bits_per_byte,
               report.whole ? " over the whole validation part" : "", report.best ? ", the best so far" : "");
}

void ConsoleObserver::OnSave(uint64_t, const std::string&) {}

void ConsoleObserver::OnNote(const std::string& sentence) {
  Break();
  std::fprintf(stderr, "note: %s\n", sentence.c_str());
}

void ConsoleObserver::Break() {
  if (line_open_) std::fputc('\n', stderr);
  line_open_ = false;
}

std::string ProgramName() {
  constexpr size_t kMaxBytes = 1 << 20;
  const Result<std::string> line = ReadFile("/proc/self/cmdline", kMaxBytes);
  const std::string name = line.ok() ? line->substr(0, line->find('\0')) : "";
  return name.find('/') != name.npos ? name : "cllm";
}

std::string ForTerminal(const std::string& text) {
  std::string out;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  for (size_t i = 0; i < text.size();) {
    utf8proc_int32_t code = -1;
    const auto length = utf8proc_iterate(bytes + i, static_cast<utf8proc_ssize_t>(text.size() - i), &code);
    const bool control = code >= 0 && (code < 0x20 || (code >= 0x7f && code < 0xa0)) && code != '\n' && code != '\t';
    if (length <= 0 || control) {
      out += "\xEF\xBF\xBD";
      i += length <= 0 ? 1 : static_cast<size_t>(length);
      continue;
    }
    out.append(text, i, static_cast<size_t>(length));
    i += static_cast<size_t>(length);
  }
  return out;
}

}  // namespace cllm
