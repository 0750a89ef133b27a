#include "base/units.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <system_error>

namespace cllm {
namespace {

struct Unit {
  char letter;
  double seconds;
};
constexpr std::array<Unit, 4> kUnits{{{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}}};
constexpr double kLongestDuration = 1e9;  // seconds, over 31 years

Status NotADuration(std::string_view text) {
  return Usage(fmt::format("expected a time such as 90s, 10m, 1h or 3m30s, found '{}'", text));
}

// Digits with at most one point, from the front of `text`; the rest stays. False if there is no number.
bool TakeNumber(std::string_view* text, double* value) {
  const size_t length = std::min(text->find_first_not_of("0123456789."), text->size());
  const char* end = text->data() + length;
  const auto [stop, error] = std::from_chars(text->data(), end, *value, std::chars_format::fixed);
  if (error != std::errc() || stop != end) return false;
  text->remove_prefix(length);
  return true;
}

}  // namespace

Result<double> ParseDuration(std::string_view text) {
  std::string_view rest = text;
  double seconds = 0;
  size_t next_unit = 0;
  do {
    double value = 0;
    if (!TakeNumber(&rest, &value)) return NotADuration(text);
    if (rest.empty()) {  // no letter: a plain number of seconds, alone
      if (next_unit != 0) return NotADuration(text);
      seconds = value;
      break;
    }
    while (next_unit < kUnits.size() && kUnits[next_unit].letter != rest.front()) ++next_unit;
    if (next_unit == kUnits.size()) return NotADuration(text);
    seconds += value * kUnits[next_unit++].seconds;
    rest.remove_prefix(1);
  } while (!rest.empty());
  if (!(seconds > 0)) return Usage(fmt::format("expected a time above zero, found '{}'", text));
  if (seconds > kLongestDuration) return Usage(fmt::format("expected a time below 30 years, found '{}'", text));
  return seconds;
}

Result<uint64_t> ParseCount(std::string_view text) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc::result_out_of_range) {
    return Usage(fmt::format("expected a whole number below 2^64, found '{}'", text));
  }
  if (error != std::errc() || stop != end) {
    return Usage(fmt::format("expected a whole number in digits, such as 2000, found '{}'", text));
  }
  return value;
}

Result<double> ParseReal(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  const bool finite = value - value == 0;
  if (error != std::errc() || stop != end || !finite) {
    return Usage(fmt::format("expected a finite number, such as 0.003 or 3e-3, found '{}'", text));
  }
  return value;
}

std::string FormatDuration(double seconds) {
  if (!(seconds >= 0 && seconds <= 1e15)) return "unknown";
  if (seconds < 9.95) return fmt::format("{:.1f}s", seconds);
  const auto whole = static_cast<uint64_t>(seconds + 0.5);
  if (whole < 60) return fmt::format("{}s", whole);
  if (whole < 3600) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
  const uint64_t minutes = (whole + 30) / 60;
  if (minutes < 24 * 60) return fmt::format("{}h{:02}m", minutes / 60, minutes % 60);
  const uint64_t hours = (minutes + 30) / 60;
  return fmt::format("{}d{:02}h", hours / 24, hours % 24);
}

Result<uint64_t> ParseBytes(std::string_view text) {
  constexpr double kMost = 1e18;
  constexpr std::string_view kPrefixes = "KMGT";
  const size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  std::string unit;
  for (const char c : text.substr(digits)) {
    if (c != ' ') unit += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  }
  if (unit.ends_with('B')) unit.pop_back();
  if (unit.ends_with('I')) unit.pop_back();
  const size_t power = unit.empty() ? 0 : unit.size() == 1 ? kPrefixes.find(unit) + 1 : 0;
  const Result<double> number = ParseReal(text.substr(0, digits));
  double bytes = number.ok() ? *number : -1;
  for (size_t i = 0; i < power && power <= kPrefixes.size(); ++i) bytes *= 1024;
  const bool known = unit.empty() || (power >= 1 && power <= kPrefixes.size());
  if (known && bytes >= 0 && bytes <= kMost) return static_cast<uint64_t>(bytes);
  return Usage(fmt::format("'{}' is no size, expected one such as 500M or 20G", text));
}

std::string FormatBytes(uint64_t bytes) {
  constexpr std::array<const char*, 6> kNames{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  size_t name = 0;
  while (value >= 1023.95 && name + 1 < kNames.size()) {
    value /= 1024;
    ++name;
  }
  return fmt::format("{:.1f} {}", value, kNames[name]);
}

std::string FormatCount(uint64_t count) {
  std::string text = fmt::format("{}", count);
  for (size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, 1, ',');
  return text;
}

std::string FormatShortCount(uint64_t count) {
  constexpr std::array<const char*, 5> kShortUnits = {"", " k", " M", " B", " T"};
  double value = static_cast<double>(count);
  size_t unit = 0;
  while (value >= 999.5 && unit + 1 < kShortUnits.size()) value /= 1000, ++unit;
  // 0.8 M says more than 800 k of a model.
  if (unit == 1 && value >= 100) value /= 1000, ++unit;
  const bool whole = unit == 0 || value >= 99.95;
  return whole ? fmt::format("{:.0f}{}", value, kShortUnits[unit]) : fmt::format("{:.1f}{}", value, kShortUnits[unit]);
}

}  // namespace cllm
