// The 16 virtual lanes against their definition, for vectors of every width.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "hwy/highway.h"
#include "math/lanes-inl.h"
#include "math/testing/inputs.h"

namespace cllm {
namespace {

namespace target = cllm::HWY_NAMESPACE;

// The definition: element i to lane i % 16 in order of i, then lanes i and i + 8, +4, +2, +1.
template <typename T>
T TreeOf(T (&lanes)[16]) {
  for (size_t half = 8; half > 0; half /= 2) {
    for (size_t i = 0; i < half; ++i) lanes[i] = lanes[i] + lanes[i + half];
  }
  return lanes[0];
}
template <typename T>
T DefinedSum(const T* x, size_t n) {
  T lanes[16] = {};
  for (size_t i = 0; i < n; ++i) lanes[i % 16] = lanes[i % 16] + x[i];
  return TreeOf(lanes);
}
template <typename T>
T DefinedDot(const T* x, const T* y, size_t n) {
  T lanes[16] = {};
  for (size_t i = 0; i < n; ++i) lanes[i % 16] = std::fma(x[i], y[i], lanes[i % 16]);
  return TreeOf(lanes);
}

template <typename T>
auto Bits(T x) {
  return std::bit_cast<std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>>(x);
}

// Values whose sum depends on the order in nearly every case.
template <typename T>
std::vector<T> Values(size_t n, uint64_t seed) {
  std::vector<T> values(n);
  for (size_t i = 0; i < n; ++i) {
    values[i] = static_cast<T>(std::ldexp(math::DrawBetween(-1.0, 1.0, seed, i), static_cast<int>(i % 13)));
  }
  return values;
}

template <typename T, size_t kMaxLanes>
void CheckWidth() {
  const std::vector<T> x = Values<T>(128, 1);
  const std::vector<T> y = Values<T>(128, 2);
  for (size_t offset = 0; offset < 16; ++offset) {
    for (size_t n = 0; n <= 81; ++n) {
      const T* a = x.data() + offset;
      const T* b = y.data() + offset;
      ASSERT_EQ(Bits(target::LaneSumOf<T, kMaxLanes>(a, n)), Bits(DefinedSum(a, n))) << kMaxLanes << " n " << n;
      ASSERT_EQ(Bits(target::LaneDotOf<T, kMaxLanes>(a, b, n)), Bits(DefinedDot(a, b, n))) << kMaxLanes << " n " << n;
    }
  }
}

TEST(LaneSum, EveryVectorWidth_FollowsTheDefinition) {
  CheckWidth<float, 1>();
  CheckWidth<float, 2>();
  CheckWidth<float, 4>();
  CheckWidth<float, 16>();
  CheckWidth<double, 1>();
  CheckWidth<double, 2>();
  CheckWidth<double, 16>();
}

TEST(LaneSum, OrderMatters_SoThatTheseTestsCanFail) {
  const std::vector<float> x = Values<float>(81, 1);
  int different = 0;
  float in_order = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    in_order += x[i];
    if (Bits(in_order) != Bits(DefinedSum(x.data(), i + 1))) ++different;
  }
  EXPECT_GT(different, 30);
}

TEST(LaneSum, NegativeZeroLane_SurvivesTheTail) {
  // Products that vanish below the smallest subnormal leave lane 15 at -0, as all others: the padding must not touch
  // it.
  std::vector<float> x(31, -0x1p-100f);
  std::vector<float> y(31, 0x1p-100f);
  EXPECT_EQ(Bits(DefinedDot(x.data(), y.data(), x.size())), Bits(-0.0f));
  EXPECT_EQ(Bits(target::LaneDotOf<float>(x.data(), y.data(), x.size())), Bits(-0.0f));
}

TEST(LaneSum, Empty_IsZero) { EXPECT_EQ(Bits(target::LaneSumOf<float>(nullptr, 0)), 0u); }

}  // namespace
}  // namespace cllm
