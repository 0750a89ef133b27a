#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace cllm {

// A part of an axis, both ends included.
struct Window {
  double from = -std::numeric_limits<double>::infinity();
  double to = std::numeric_limits<double>::infinity();
};

// How buckets lie on the axis: equally wide, or so on a logarithmic one, where early values are far apart.
enum class Spacing { kEven, kLogarithmic };

inline constexpr size_t kMaxEnvelopePoints = 4000;
inline constexpr size_t kMaxMarks = 1000;

// A curve in at most so many points, with nothing hidden: each point stands for the values of a bucket, of which it has
// the last one with its place, the lowest, the highest and the mean. The first and the last value of the window have
// points of their own. Where there are fewer values than points, each value is a point.
struct Envelope {
  std::vector<double> x, last, low, high, mean;
  uint64_t total = 0;  // values of the window that are numbers

  // A value that is not finite, where it stood.
  struct Mark {
    double x = 0, value = 0;
  };
  std::vector<Mark> marks;  // the first kMaxMarks of the window
};

// Gathers an envelope in two passes over the same values: first each goes to See, then each to Put. One thread only.
class EnvelopeMaker {
 public:
  // points: 2 to kMaxEnvelopePoints, others are taken to the nearest of these.
  EnvelopeMaker(const Window& window, size_t points, Spacing spacing);

  // x never falls from one call to the next.
  void See(double x, double value);
  void Put(double x, double value);
  Envelope Finished() && { return std::move(envelope_); }

 private:
  bool Inside(double x) const { return x >= window_.from && x <= window_.to; }
  double Place(double x) const;  // on the axis as it is spaced
  void SetBuckets();
  size_t Bucket(double x) const;
  void Open(size_t bucket, double x, double value);

  const Window window_;
  const size_t points_;
  const Spacing spacing_;
  Envelope envelope_;
  uint64_t put_ = 0;
  double first_x_ = 0, last_x_ = 0;  // of the values that are numbers
  double origin_ = 0, buckets_per_place_ = 0;
  size_t open_ = 0;                  // the bucket of the last point
  double sum_ = 0;                   // of its values
  uint64_t count_ = 0;
};

}  // namespace cllm
