#pragma once

#include <string>
#include <vector>

namespace cllm::report {

// What the numbers of an axis are, which decides where they are marked and how they are written.
enum class Quantity { kNumber, kCount, kSeconds, kTime, kShare };

// A value as people read it on an axis: "0.25", "1.5M", "3m30s", "14:05", "40 %". step: between marks, for its digits.
std::string AxisLabel(double value, double step, Quantity quantity);

struct AxisMark {
  double value = 0;
  std::string label;
};

// A stretch of numbers as a stretch of a drawing, [0, 1].
struct Scale {
  double low = 0, high = 1;
  bool logarithmic = false;  // both ends are above zero then

  double Share(double value) const;
  // About so many round numbers between the ends.
  std::vector<AxisMark> Marks(size_t wanted, Quantity quantity) const;
};

// The scale that shows all these values, with a little room; one that shows only most of them where a few lie far off
// (their share of the scale is below 0 or above 1 then). Values that are not finite, or not above zero on a logarithmic
// scale, do not count.
Scale ScaleOf(std::vector<double> values, bool logarithmic);

}  // namespace cllm::report
