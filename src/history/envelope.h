#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace cllm {

// A part of an axis, both ends included.
struct Window {
  double from = -std::numeric_limits<double>::infinity();
  double to = std::numeric_limits<double>::infinity();
};

inline constexpr size_t kMaxEnvelopePoints = 4000;
inline constexpr size_t kMaxMarks = 1000;

// A curve in at most so many points, with nothing hidden: each point stands for the values of a bucket, of which it has
// the last one with its place, the lowest and the highest. The first and the last value of the window have points of
// their own. Where there are fewer values than points, each value is a point.
struct Envelope {
  std::vector<double> x, last, low, high;
  uint64_t total = 0;  // values of the window that are numbers

  // A value that is not finite, where it stood.
  struct Mark {
    double x = 0, value = 0;
  };
  std::vector<Mark> marks;  // the first kMaxMarks of the window
};

}  // namespace cllm
