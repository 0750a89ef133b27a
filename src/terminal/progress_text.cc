#include "terminal/progress_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "base/units.h"
#include "terminal/text_width.h"

namespace cllm {
namespace {

constexpr size_t kWidestBar = 24, kNarrowestBar = 8;  // columns, with its brackets
constexpr double kLeastShare = 0.01;                  // of a phase that says how long the rest takes
constexpr double kShowSeconds = 1;

std::string ClockAfter(double seconds) {
  const std::time_t when = std::time(nullptr) + static_cast<std::time_t>(seconds);
  std::tm local{};
  localtime_r(&when, &local);
  return fmt::format("{:02}:{:02}:{:02}", local.tm_hour, local.tm_min, local.tm_sec);
}

std::string Bar(double share, size_t columns) {
  const size_t inside = columns - 2;
  const auto filled = static_cast<size_t>(static_cast<double>(inside) * std::clamp(share, 0.0, 1.0));
  return fmt::format("[{:<{}}]", std::string(filled, '='), inside);
}

}  // namespace

std::string FitParts(const std::vector<std::string>& parts, size_t columns) {
  std::string line;
  size_t taken = 0;
  for (const std::string& part : parts) {
    const std::string more = fmt::format("{}{}", line.empty() ? "" : " | ", part);
    const size_t width = ColumnsOf(more);
    if (line.empty() && width > columns) return std::string(FirstColumns(part, columns));
    if (taken + width > columns) break;
    line += more;
    taken += width;
  }
  return line;
}

std::vector<std::string> StepParts(const StepEvent& event, const ValidationParts& validation) {
  std::vector<std::string> parts = {fmt::format("step {}/{}", event.step, event.total),
                                    fmt::format("loss {:.4f}", event.smooth_loss)};
  if (event.eta_s >= 0) parts.push_back(fmt::format("{} left", FormatDuration(event.eta_s)));
  if (!validation.loss.empty()) parts.push_back(validation.loss);
  parts.push_back(FormatCount(static_cast<uint64_t>(event.tokens_per_s)) + " tok/s");
  if (event.peak_share > 0) parts.push_back(fmt::format("{:.0f}% of peak", 100 * event.peak_share));
  if (!validation.bits.empty()) parts.push_back(validation.bits);
  if (event.eta_s >= 0) parts.push_back("ends " + ClockAfter(event.eta_s));
  return parts;
}

std::string StepBar(const StepEvent& event, const ValidationParts& validation, size_t columns) {
  std::string line = FitParts(StepParts(event, validation), columns);
  const size_t taken = ColumnsOf(line);
  const size_t room = std::min(kWidestBar, columns > taken ? columns - taken - 1 : 0);
  if (room < kNarrowestBar || event.total == 0) return line;
  return line + ' ' + Bar(static_cast<double>(event.step) / static_cast<double>(event.total), room);
}

std::vector<std::string> PhaseParts(const PhaseEvent& event, double seconds) {
  std::vector<std::string> parts = {event.name};
  if (event.share >= 0) parts.push_back(fmt::format("{:.0f}%", 100 * std::min(event.share, 1.0)));
  if (seconds >= kShowSeconds) parts.push_back(FormatDuration(seconds));
  if (seconds >= kPhaseEta_s && event.share >= kLeastShare && event.share < 1) {
    parts.push_back(fmt::format("about {} left", FormatDuration(seconds / event.share * (1 - event.share))));
  }
  return parts;
}

}  // namespace cllm
