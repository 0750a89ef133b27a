#pragma once

#include <cmath>
#include <vector>

#include "store/json.h"

namespace cllm {

// A number as the dashboard's answers have it: what is not finite as "nan", "inf" or "-inf".
inline JsonValue NumberOrName(double value) {
  if (std::isfinite(value)) return value;
  return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

// With so many significant digits: a picture needs no more, and the answer is shorter.
inline JsonValue Rounded(double value, int digits) {
  if (!std::isfinite(value) || value == 0) return NumberOrName(value);
  const double scale = std::pow(10.0, digits - 1 - static_cast<int>(std::floor(std::log10(std::abs(value)))));
  const double rounded = std::round(value * scale) / scale;
  return NumberOrName(std::isfinite(rounded) ? rounded : value);
}

inline JsonArray NumbersOrNames(const std::vector<double>& values) {
  JsonArray array;
  array.reserve(values.size());
  for (const double value : values) array.push_back(NumberOrName(value));
  return array;
}

}  // namespace cllm
