#pragma once

#include <fmt/format.h>

#include <charconv>
#include <string>
#include <vector>

#include "math/scalar.h"
#include "store/json.h"

namespace cllm {

// A number as the dashboard's answers have it: what is not finite as "nan", "inf" or "-inf".
inline JsonValue NumberOrName(double value) {
  if (math::IsNan(value)) return "nan";
  if (math::IsInf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

// With so many significant digits: a picture needs no more, and the answer is shorter.
inline JsonValue Rounded(double value, int digits) {
  const std::string text = fmt::format("{:.{}g}", value, digits);
  double rounded = value;
  std::from_chars(text.data(), text.data() + text.size(), rounded);
  return NumberOrName(rounded);
}

inline JsonArray NumbersOrNames(const std::vector<double>& values) {
  JsonArray array;
  array.reserve(values.size());
  for (const double value : values) array.push_back(NumberOrName(value));
  return array;
}

}  // namespace cllm
