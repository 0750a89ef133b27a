#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "kernels/simd.h"

// What the tests of row kernels share: inputs, guarded matrices, every SIMD target, comparison within a tolerance.
namespace cllm::row_cases {

// Half a unit in the last place of a float, relative.
inline constexpr double kFloatEps = 0x1p-24;

// Every tail of every target (at most 16 lanes): 0 to 2 * lanes + 1 and more, then a few whole rows of models.
inline std::vector<size_t> Lengths() {
  std::vector<size_t> lengths;
  for (size_t n = 0; n <= 50; ++n) lengths.push_back(n);
  for (size_t n : {64u, 79u, 128u, 259u, 344u}) lengths.push_back(n);
  return lengths;
}

// Uniform in [low, high), a function of key.
inline std::vector<float> RandomValues(uint64_t key, size_t n, float low = -2.0f, float high = 2.0f) {
  std::vector<float> values(n);
  for (size_t i = 0; i < n; ++i) values[i] = low + (high - low) * UnitFloat(RandomBits(key, i));
  return values;
}

inline std::vector<double> Doubles(std::span<const float> values) { return {values.begin(), values.end()}; }

// rows x columns with a stride above columns, at an address off by `misalignment` floats, surrounded and interleaved
// with guards: NaN of one bit pattern, so that a read of a guard shows in the result and a write to one in Intact().
class GuardedMatrix {
 public:
  GuardedMatrix(std::span<const float> values, size_t rows, size_t columns, size_t misalignment)
      : rows_(rows), columns_(columns), stride_(columns + 5), begin_(32 + misalignment) {
    storage_.assign(begin_ + rows * stride_ + 32, std::bit_cast<float>(kGuardBits));
    for (size_t i = 0; i < rows * columns; ++i) data()[i / columns * stride_ + i % columns] = values[i];
  }
  explicit GuardedMatrix(std::span<const float> row, size_t misalignment = 0)
      : GuardedMatrix(row, 1, row.size(), misalignment) {}

  float* data() { return storage_.data() + begin_; }
  size_t stride() const { return stride_; }
  std::vector<float> Values() {
    std::vector<float> values(rows_ * columns_);
    for (size_t i = 0; i < values.size(); ++i) values[i] = data()[i / columns_ * stride_ + i % columns_];
    return values;
  }
  bool Intact() const {
    for (size_t i = 0; i < storage_.size(); ++i) {
      const bool inside = i >= begin_ && i - begin_ < rows_ * stride_ && (i - begin_) % stride_ < columns_;
      if (!inside && std::bit_cast<uint32_t>(storage_[i]) != kGuardBits) return false;
    }
    return true;
  }

 private:
  static constexpr uint32_t kGuardBits = 0x7fc0beef;
  size_t rows_, columns_, stride_, begin_;
  std::vector<float> storage_;
};

// Runs `body` once per SIMD target of this machine; the best is in use again afterwards.
inline void ForEachTarget(const std::function<void(const std::string& target)>& body) {
  const std::vector<std::string> targets = SimdTargets();
  ASSERT_FALSE(targets.empty());
  for (const std::string& target : targets) {
    SCOPED_TRACE(target);
    ASSERT_TRUE(ForceSimd(target).ok());
    body(target);
  }
  ASSERT_TRUE(ForceSimd(targets.front()).ok());
}

inline std::vector<uint32_t> Bits(std::span<const float> values) {
  std::vector<uint32_t> bits;
  for (float v : values) bits.push_back(std::bit_cast<uint32_t>(v));
  return bits;
}

inline bool SameBits(const std::vector<float>& x, const std::vector<float>& y) {
  return Bits(x) == Bits(y);
}

// |actual - expected| <= tolerance(i) for every element; NaN never passes.
inline void ExpectClose(std::span<const float> actual, std::span<const double> expected,
                        const std::function<double(size_t)>& tolerance, const std::string& what) {
  ASSERT_EQ(actual.size(), expected.size()) << what;
  for (size_t i = 0; i < actual.size(); ++i) {
    const double error = std::abs(static_cast<double>(actual[i]) - expected[i]);
    ASSERT_TRUE(error <= tolerance(i)) << what << "[" << i << "] is " << actual[i] << ", expected " << expected[i]
                                       << ", error " << error << ", tolerance " << tolerance(i);
  }
}

// Sums of the 16 virtual lanes in the fixed tree, written with plain scalars: term(i, lane) gives the lane after i.
template <typename T, typename Term>
T ScalarLaneSum(size_t n, Term term) {
  T lanes[16] = {};
  for (size_t i = 0; i < n; ++i) lanes[i % 16] = term(i, lanes[i % 16]);
  for (size_t half = 8; half > 0; half /= 2) {
    for (size_t i = 0; i < half; ++i) lanes[i] += lanes[i + half];
  }
  return lanes[0];
}

// The central difference of f at x[i].
inline double FiniteDifference(std::vector<double> x, size_t i,
                               const std::function<double(const std::vector<double>&)>& f) {
  const double step = 1e-5, x0 = x[i];
  x[i] = x0 + step;
  const double above = f(x);
  x[i] = x0 - step;
  return (above - f(x)) / (2 * step);
}

}  // namespace cllm::row_cases
