#include "report/chart_scale.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "base/units.h"
#include "math/scalar.h"

namespace cllm::report {
namespace {

constexpr size_t kMostMarks = 40;
constexpr double kRoom = 0.04;       // of the stretch, at both ends
constexpr double kFarOff = 1.5;      // times the stretch of the others
constexpr double kFewValues = 0.01;  // of all, at each end

bool IsFiniteNumber(double value) { return value - value == 0; }

double PowerOfTen(int exponent) {
  double power = 1;
  for (int i = 0; i < (exponent < 0 ? -exponent : exponent); ++i) power *= 10;
  return exponent < 0 ? 1 / power : power;
}

// 0 of what has none.
int ExponentOf(double value) {
  const double exponent = math::Floor(math::Log(value) / math::Log(10.0) + 1e-9);
  return IsFiniteNumber(exponent) ? static_cast<int>(exponent) : 0;
}

double RoundStep(double least) {
  const double power = PowerOfTen(ExponentOf(least));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= least * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

constexpr std::array kTimeSteps = {1.0,   2.0,    5.0,    10.0,   15.0,    30.0,    60.0,    120.0,   300.0,   600.0,
                                   900.0, 1800.0, 3600.0, 7200.0, 10800.0, 21600.0, 43200.0, 86400.0, 172800.0};

double StepOf(double least, Quantity quantity) {
  const bool is_time = quantity == Quantity::kSeconds || quantity == Quantity::kTime;
  if (!is_time || least <= 0.5) return RoundStep(quantity == Quantity::kCount ? std::max(least, 1.0) : least);
  const auto* step = std::lower_bound(kTimeSteps.begin(), kTimeSteps.end(), least);
  return step != kTimeSteps.end() ? *step : 86400 * RoundStep(least / 86400);
}

std::string ShortNumber(double value) {
  constexpr std::array kUnits = {"", "k", "M", "G", "T"};
  size_t unit = 0;
  double shown = value;
  if (value >= 10'000 || value <= -10'000) {
    for (; (shown >= 1000 || shown <= -1000) && unit + 1 < kUnits.size(); ++unit) shown /= 1000;
  }
  std::string text = fmt::format("{:.2f}", shown);
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text + kUnits[unit];
}

// With a comma where it is not shortened.
std::string ShortCount(double value) {
  const bool is_whole = value >= 1000 && value < 10'000 && value == math::Floor(value);
  return is_whole ? FormatCount(static_cast<uint64_t>(value)) : ShortNumber(value);
}

std::string TimeLabel(double time, double step) {
  const auto seconds = static_cast<std::time_t>(time);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  if (step >= 86400) return fmt::format("{:02}-{:02}", parts.tm_mon + 1, parts.tm_mday);
  if (step >= 60) return fmt::format("{:02}:{:02}", parts.tm_hour, parts.tm_min);
  return fmt::format("{:02}:{:02}:{:02}", parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace

std::string AxisLabel(double value, double step, Quantity quantity) {
  switch (quantity) {
    case Quantity::kCount:
      return ShortCount(value);
    case Quantity::kSeconds:
      return value == 0 ? "0" : FormatDuration(value);
    case Quantity::kTime:
      return TimeLabel(value, step);
    case Quantity::kShare:
      return fmt::format("{:.{}f} %", 100 * value, step < 0.01 ? 1 : 0);
    case Quantity::kNumber:
      break;
  }
  if (value != 0 && (value >= 1e6 || value <= -1e6 || (value < 1e-4 && value > -1e-4)))
    return fmt::format("{:.3g}", value);
  if (value >= 10'000 || value <= -10'000) return ShortNumber(value);
  return fmt::format("{:.{}f}", value, std::clamp(step > 0 ? -ExponentOf(step) : 0, 0, 6));
}

double Scale::Share(double value) const {
  if (!logarithmic) return (value - low) / (high - low);
  return math::Log(std::max(value, 1e-300) / low) / math::Log(high / low);
}

std::vector<AxisMark> Scale::Marks(size_t wanted, Quantity quantity) const {
  std::vector<AxisMark> marks;
  const auto add = [&](double value, double step) {
    if (marks.size() < kMostMarks) marks.push_back({value, AxisLabel(value, step, quantity)});
  };
  if (!logarithmic || high / low < 8) {
    const double step = StepOf((high - low) / static_cast<double>(std::max<size_t>(1, wanted)), quantity);
    for (double i = math::Ceil(low / step - 1e-9); i * step <= high * (1 + 1e-12) + 1e-9 * step; i += 1) {
      if (marks.size() == kMostMarks) break;
      add(i == 0 ? 0 : i * step, step);  // not -0
    }
    return marks;
  }
  const int first = ExponentOf(low), last = ExponentOf(high), decades = last - first + 1;
  const int stride = std::max(1, decades / static_cast<int>(wanted));
  for (int exponent = first; exponent <= last; exponent += stride) {
    const double power = PowerOfTen(exponent);
    for (const double factor : decades <= 2 ? std::vector{1.0, 2.0, 5.0} : std::vector{1.0}) {
      const double value = factor * power;
      if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9)) add(value, value);
    }
  }
  return marks;
}

Scale ScaleOf(std::vector<double> values, bool logarithmic) {
  std::erase_if(values, [=](double value) { return !IsFiniteNumber(value) || (logarithmic && value <= 0); });
  if (values.empty()) return logarithmic ? Scale{1, 10, true} : Scale{0, 1, false};
  std::sort(values.begin(), values.end());
  const auto few = static_cast<size_t>(kFewValues * static_cast<double>(values.size()));
  double low = values.front(), high = values.back();
  const double most_low = values[few], most_high = values[values.size() - 1 - few];
  const double reach = kFarOff * (most_high - most_low);
  if (!logarithmic && reach > 0) {
    if (low < most_low - reach) low = most_low - 0.25 * (most_high - most_low);
    if (high > most_high + reach) high = most_high + 0.25 * (most_high - most_low);
  }
  if (logarithmic) {
    if (high / low < 1.001) low /= 1.1, high *= 1.1;
    const double room = math::Exp(kRoom * math::Log(high / low));
    return {low / room, high * room, true};
  }
  double room = kRoom * (high - low);
  if (room <= 0) room = low != 0 ? 0.1 * math::Abs(low) : 1;
  // Nothing that is never negative seems to be so.
  const double bottom = low >= 0 ? std::max(0.0, low - room) : low - room;
  return {bottom, high + room, false};
}

}  // namespace cllm::report
