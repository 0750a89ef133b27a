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

TEST(EvaluationWindows, FewerThanTwoTokens_HaveNone) {
  EXPECT_EQ(EvaluationWindows(0, 8, 8).size(), 0u);
  EXPECT_EQ(EvaluationWindows(1, 8, 8).size(), 0u);
}

}  // namespace
}  // namespace cllm
