#include "terminal/live_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "base/system.h"
#include "terminal/text_width.h"
#include "terminal/wrap.h"

namespace cllm {
namespace {

constexpr std::chrono::milliseconds kTick(100);
constexpr double kStepInterval_s = 0.2;
constexpr double kPatience_s = 0.4;       // a phase that is shorter does not replace a step's line
constexpr size_t kUnknownColumns = 80;
constexpr const char* kEraseLine = "\r\033[K";
constexpr const char* kEraseBelow = "\r\033[J";

size_t WindowColumns() {
  const size_t columns = TerminalColumns(STDERR_FILENO);
  return columns == 0 ? kUnknownColumns : columns;
}

void Put(const std::string& text) {
  std::fputs(text.c_str(), stderr);
  std::fflush(stderr);
}

}  // namespace

std::string LineWriter::Erase(size_t columns) {
  if (shown_.empty()) return "";
  const size_t width = ColumnsOf(shown_);
  const bool broken = reflows_ && columns < columns_ && width > columns && columns > 0;
  shown_.clear();
  if (!broken) return kEraseLine;
  return fmt::format("\033[{}A{}", (width - 1) / columns, kEraseBelow);
}

std::string LineWriter::Rewrite(const std::string& text, size_t columns) {
  if (text == shown_ && columns == columns_) return "";
  const bool was_open = open();
  std::string out = Erase(columns);
  if (!was_open && !text.empty()) out = kEraseLine;
  shown_ = text;
  columns_ = columns;
  return out + text;
}

std::string LineWriter::Leave() {
  if (shown_.empty()) return "";
  shown_.clear();
  return "\n";
}

bool TerminalReflows() {
  const auto set = [](const char* name) { return !EnvironmentVariable(name).value_or("").empty(); };
  if (set("TMUX")) return true;
  return !set("STY") && !set("XTERM_VERSION") && EnvironmentVariable("TERM") != "linux";
}

LiveLine::LiveLine() : writer_(TerminalReflows()) {
  thread_ = std::jthread([this](const std::stop_token& stop) { Watch(stop); });
}

LiveLine::~LiveLine() {
  thread_.request_stop();
  thread_.join();
  End();
}

void LiveLine::Watch(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    wake_.wait_for(lock, stop, kTick, [] { return false; });
    if (!stop.stop_requested()) Paint(MonotonicSeconds());
  }
}

std::string LiveLine::Text(double now, size_t room) const {
  if (phase_ && (!step_ || now - phase_began_ >= kPatience_s)) {
    return FitParts(PhaseParts(*phase_, now - phase_began_), room);
  }
  return step_ ? StepBar(*step_, validation_, room) : "";
}

void LiveLine::Paint(double now) {
  const size_t columns = WindowColumns();
  const std::string text = Text(now, columns - 1);
  Put(text.empty() ? writer_.Erase(columns) : writer_.Rewrite(text, columns));
  painted_at_ = now;
}

void LiveLine::Step(const StepEvent& event) {
  const std::lock_guard lock(mutex_);
  const double now = MonotonicSeconds();
  step_ = event;
  if (event.step == event.total || now - painted_at_ >= kStepInterval_s) Paint(now);
}

void LiveLine::Validation(const ValidationParts& validation) {
  const std::lock_guard lock(mutex_);
  validation_ = validation;
}

void LiveLine::Phase(const PhaseEvent& event) {
  const std::lock_guard lock(mutex_);
  const double now = MonotonicSeconds();
  if (event.name.empty()) {
    phase_.reset();
    if (!step_) Put(writer_.Erase(WindowColumns()));
    return;
  }
  const bool begins = !phase_ || phase_->name != event.name;
  if (begins) phase_began_ = now;
  phase_ = event;
  if (begins && !step_) Paint(now);
}

void LiveLine::PrintAbove(const std::string& lines) {
  const std::lock_guard lock(mutex_);
  Put(writer_.Erase(WindowColumns()) + lines);
  Paint(MonotonicSeconds());
}

void LiveLine::End() {
  const std::lock_guard lock(mutex_);
  phase_.reset();
  if (!step_) return Put(writer_.Erase(WindowColumns()));
  step_->eta_s = -1;
  Paint(MonotonicSeconds());
  step_.reset();
  Put(writer_.Leave());
}

}  // namespace cllm
