#include "data/evaluation_windows.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace cllm {
namespace {

TEST(EvaluationWindows, EveryTargetCountsOnce_ForAnySizes) {
  for (uint64_t context = 1; context <= 9; ++context) {
    for (uint64_t stride = 1; stride <= context; ++stride) {
      for (uint64_t tokens = 0; tokens <= 60; ++tokens) {
        const EvaluationWindows windows(tokens, context, stride);
        std::vector<int> counted(tokens, 0);
        for (uint64_t i = 0; i < windows.size(); ++i) {
          const EvaluationWindow window = windows[i];
          ASSERT_GE(window.length, 1u);
          ASSERT_LE(window.length, context);
          ASSERT_LT(window.first_counted, window.length);
          ASSERT_LT(window.start + window.length, tokens);
          for (uint64_t t = window.first_counted; t < window.length; ++t) ++counted[window.start + 1 + t];
        }
        for (uint64_t t = 0; t < tokens; ++t)
          ASSERT_EQ(counted[t], t == 0 ? 0 : 1) << tokens << ' ' << context << ' ' << t;
        EXPECT_EQ(windows.targets(), tokens == 0 ? 0 : tokens - 1);
      }
    }
  }
}

TEST(EvaluationWindows, EndToEnd_LastIsPartial) {
  const EvaluationWindows windows(131, 64, 64);
  ASSERT_EQ(windows.size(), 3u);
  EXPECT_EQ(windows[0], (EvaluationWindow{.start = 0, .length = 64, .first_counted = 0}));
  EXPECT_EQ(windows[1], (EvaluationWindow{.start = 64, .length = 64, .first_counted = 0}));
  EXPECT_EQ(windows[2], (EvaluationWindow{.start = 128, .length = 2, .first_counted = 0}));
}

TEST(EvaluationWindows, Stride_GivesContextBeforeEachTarget) {
  const EvaluationWindows windows(1000, 64, 16);
  for (uint64_t i = 1; i < windows.size(); ++i) EXPECT_EQ(windows[i].first_counted, 48u);
  EXPECT_EQ(windows[1].start, 16u);
}

TEST(EvaluationWindows, OfSample_AreSpreadEvenly) {
  const EvaluationWindows windows(1 + 64 * 10, 64, 64);
  ASSERT_EQ(windows.size(), 10u);
  for (uint64_t i = 0; i < 10; ++i) EXPECT_EQ(windows.OfSample(i, 10), windows[i]);
  for (uint64_t i = 0; i < 4; ++i) EXPECT_EQ(windows.OfSample(i, 4), windows[i * 10 / 4]);
  EXPECT_EQ(windows.OfSample(0, 1), windows[0]);
}

// As many tokens as a file can hold: nothing wraps.
TEST(EvaluationWindows, OverTerabytes_CountEachTargetOnce) {
  for (const uint64_t tokens : {(uint64_t{1} << 32) + 7, uint64_t{10'000'000'000'000}, uint64_t{1} << 62}) {
    for (const uint64_t context : {uint64_t{1}, uint64_t{16}, uint64_t{8192}}) {
      const EvaluationWindows windows(tokens, context, context);
      const uint64_t last = windows.size() - 1;
      EXPECT_EQ(last * context + windows[last].length, tokens - 1) << tokens << ' ' << context;
      const uint64_t count = windows.size() / 3 * 2 + 1;
      EXPECT_GE(windows.OfSample(count - 1, count).start, last / 2 * context);
      EXPECT_EQ(windows.OfSample(last, windows.size()), windows[last]);
      EXPECT_LT(windows.OfSample(count / 2, count).start, windows.OfSample(count / 2 + 1, count).start);
    }
  }
}

TEST(EvaluationWindows, FewerThanTwoTokens_HaveNone) {
  EXPECT_EQ(EvaluationWindows(0, 8, 8).size(), 0u);
  EXPECT_EQ(EvaluationWindows(1, 8, 8).size(), 0u);
}

}  // namespace
}  // namespace cllm
