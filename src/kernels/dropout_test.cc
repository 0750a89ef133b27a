#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/dropout.h"
#include "kernels/testing/reference_rows.h"
#include "kernels/testing/row_cases.h"

namespace cllm {
namespace {

using namespace row_cases;  // NOLINT: the tests' own vocabulary

TEST(Dropout, EveryLengthAndCounter_DecidesAsTheScalarRandomNumbers) {
  ForEachTarget([](const std::string&) {
    for (size_t n : Lengths()) {
      for (uint64_t first : {uint64_t{0}, uint64_t{12345}, (uint64_t{1} << 32) - 20, ~uint64_t{0} - 7}) {
        for (float rate : {0.0f, 0.1f, 0.5f, 0.999f}) {
          const auto values = RandomValues(n, n, 1.0f, 2.0f);
          GuardedMatrix x(values, n % 4);
          Dropout(x.data(), n, rate, 99 + n, first);
          auto expected = Doubles(values);
          reference::Dropout(expected.data(), n, static_cast<double>(rate), 99 + n, first);
          ExpectClose(x.Values(), expected, [&](size_t i) { return 4 * kFloatEps * expected[i]; }, "x");
          EXPECT_TRUE(x.Intact());
        }
      }
    }
  });
}

TEST(Dropout, ARateEqualToTheRandomNumber_Keeps_TheNextDrops) {
  ForEachTarget([](const std::string&) {
    for (uint64_t counter = 0; counter < 50; ++counter) {
      const float unit = UnitFloat(RandomBits(11, counter));
      std::vector<float> kept = {1.0f}, dropped = {1.0f};
      Dropout(kept.data(), 1, unit, 11, counter);
      Dropout(dropped.data(), 1, std::nextafter(unit, 1.0f), 11, counter);
      EXPECT_EQ(kept[0], 1.0f / (1.0f - unit));
      EXPECT_EQ(dropped[0], 0.0f);
    }
  });
}

TEST(Dropout, ASplitRow_HasTheSameBits) {
  ForEachTarget([](const std::string&) {
    auto whole = RandomValues(1, 100), parts = whole;
    Dropout(whole.data(), 100, 0.3f, 5, 1000);
    Dropout(parts.data(), 37, 0.3f, 5, 1000);
    Dropout(parts.data() + 37, 63, 0.3f, 5, 1037);
    EXPECT_EQ(Bits(whole), Bits(parts));
  });
}

TEST(Dropout, TheShareOfZeros_IsTheRate) {
  const size_t n = 100000;
  for (float rate : {0.0f, 0.1f, 0.5f}) {
    std::vector<float> x(n, 1.0f);
    Dropout(x.data(), n, rate, 7, 0);
    const auto zeros = static_cast<double>(std::count(x.begin(), x.end(), 0.0f));
    // Five standard deviations of the binomial distribution.
    const double r = static_cast<double>(rate);
    EXPECT_NEAR(zeros, n * r, 5 * std::sqrt(n * r * (1 - r)));
  }
}

}  // namespace
}  // namespace cllm
