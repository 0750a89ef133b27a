#include "history/envelope.h"

#include <algorithm>

#include "math/scalar.h"

namespace cllm {
namespace {

// Subtraction finds both NaN and infinity.
bool IsFiniteNumber(double value) { return value - value == 0; }

}  // namespace

EnvelopeMaker::EnvelopeMaker(const Window& window, size_t points, Spacing spacing)
    : window_(window), points_(std::clamp<size_t>(points, 2, kMaxEnvelopePoints)), spacing_(spacing) {}

void EnvelopeMaker::See(double x, double value) {
  if (!Inside(x)) return;
  if (!IsFiniteNumber(value)) {
    if (envelope_.marks.size() < kMaxMarks) envelope_.marks.push_back({x, value});
    return;
  }
  if (envelope_.total++ == 0) first_x_ = x;
  last_x_ = x;
}

double EnvelopeMaker::Place(double x) const { return spacing_ == Spacing::kEven ? x : math::Log(std::max(x, 1e-300)); }

void EnvelopeMaker::SetBuckets() {
  // A logarithmic axis that begins at zero has no place for that: the bucket of the first value is its own anyway.
  origin_ = Place(first_x_ > 0 || spacing_ == Spacing::kEven ? first_x_ : std::min(1.0, last_x_));
  const double stretch = Place(last_x_) - origin_;
  buckets_per_place_ = stretch > 0 ? static_cast<double>(points_ - 2) / stretch : 0;
}

size_t EnvelopeMaker::Bucket(double x) const {
  const size_t last = points_ - 1, inner = points_ - 2;
  if (put_ == 1) return 0;
  if (put_ == envelope_.total || inner == 0) return last;
  const double bucket = (Place(x) - origin_) * buckets_per_place_;
  return 1 + std::min(bucket > 0 ? static_cast<size_t>(bucket) : 0, inner - 1);
}

void EnvelopeMaker::Open(size_t bucket, double x, double value) {
  open_ = bucket;
  sum_ = value, count_ = 1;
  envelope_.x.push_back(x);
  envelope_.last.push_back(value);
  envelope_.low.push_back(value);
  envelope_.high.push_back(value);
  envelope_.mean.push_back(value);
}

void EnvelopeMaker::Put(double x, double value) {
  if (!Inside(x) || !IsFiniteNumber(value)) return;
  ++put_;
  if (envelope_.total <= points_) return Open(put_, x, value);
  if (put_ == 1) SetBuckets();
  const size_t bucket = Bucket(x);
  if (put_ == 1 || bucket != open_) return Open(bucket, x, value);
  envelope_.x.back() = x;
  envelope_.last.back() = value;
  envelope_.low.back() = std::min(envelope_.low.back(), value);
  envelope_.high.back() = std::max(envelope_.high.back(), value);
  sum_ += value, ++count_;
  envelope_.mean.back() = sum_ / static_cast<double>(count_);
}

}  // namespace cllm
