#include "data/window_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <vector>

namespace cllm {
namespace {

struct Size {
  uint64_t tokens, context;
};

class WindowOrderSizes : public testing::TestWithParam<Size> {};

TEST_P(WindowOrderSizes, EachEpoch_VisitsWindowsEndToEndOnce) {
  const auto [tokens, context] = GetParam();
  const WindowOrder order(tokens, context, 42);
  const uint64_t windows = order.windows();
  EXPECT_EQ(windows, std::max<uint64_t>(1, (tokens - context) / context));
  for (uint64_t epoch = 0; epoch < 5; ++epoch) {
    std::vector<uint64_t> starts;
    for (uint64_t s = 0; s < windows; ++s) {
      EXPECT_EQ(order.EpochOf(epoch * windows + s), epoch);
      starts.push_back(order.Window(epoch * windows + s));
    }
    std::sort(starts.begin(), starts.end());
    EXPECT_LT(starts.front(), context);
    EXPECT_LE(starts.back() + context + 1, tokens);
    for (uint64_t s = 1; s < windows; ++s) EXPECT_EQ(starts[s], starts[s - 1] + context);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, WindowOrderSizes,
                         testing::Values(Size{2, 1}, Size{3, 1}, Size{100, 1}, Size{65, 64}, Size{66, 64},
                                         Size{127, 64}, Size{128, 64}, Size{129, 64}, Size{191, 64}, Size{192, 64},
                                         Size{193, 64}, Size{5000, 64}, Size{5001, 64}, Size{4096, 63}));

TEST(WindowOrder, Offsets_TakeEveryValueAndNoOther) {
  // Above two contexts the offset runs over [0, T); below, over what keeps the single window inside.
  for (const auto& [tokens, context, offsets] : {std::tuple{50u, 8u, 8u}, {11u, 8u, 3u}, {9u, 8u, 1u}}) {
    const WindowOrder order(tokens, context, 7);
    std::set<uint64_t> seen;
    for (uint64_t epoch = 0; epoch < 400; ++epoch) {
      uint64_t lowest = tokens;
      for (uint64_t s = 0; s < order.windows(); ++s) {
        lowest = std::min(lowest, order.Window(epoch * order.windows() + s));
      }
      seen.insert(lowest);
    }
    EXPECT_EQ(seen.size(), offsets);
    EXPECT_EQ(*seen.rbegin(), offsets - 1);
  }
}

TEST(WindowOrder, Order_DiffersBetweenEpochsAndSeeds) {
  const WindowOrder order(64 * 200, 64, 1), other(64 * 200, 64, 2);
  size_t same_epoch = 0, same_seed = 0;
  for (uint64_t s = 0; s < order.windows(); ++s) {
    same_epoch += order.Window(s) / 64 == order.Window(s + order.windows()) / 64 ? 1 : 0;
    same_seed += order.Window(s) / 64 == other.Window(s) / 64 ? 1 : 0;
  }
  EXPECT_LT(same_epoch, 12u);
  EXPECT_LT(same_seed, 12u);
}

TEST(WindowOrder, Window_IsAPureFunctionOfItsIndex) {
  const WindowOrder order(100'000, 64, 3), fresh(100'000, 64, 3);
  std::vector<uint64_t> forward;
  for (uint64_t s = 0; s < 5000; ++s) forward.push_back(order.Window(s));
  for (uint64_t s = 5000; s-- > 0;) ASSERT_EQ(fresh.Window(s), forward[s]);
}

TEST(WindowOrder, FirstWindows_AreTheCommittedOnes) {
  // A change of these changes the bits of every training.
  const WindowOrder order(1'000'000, 64, 1234);
  std::vector<uint64_t> starts;
  for (const uint64_t s :
       {uint64_t{0}, uint64_t{1}, uint64_t{2}, uint64_t{15'623}, uint64_t{15'624}, uint64_t{1} << 40}) {
    starts.push_back(order.Window(s));
  }
  EXPECT_EQ(starts, (std::vector<uint64_t>{710'473, 807'881, 160'393, 957'321, 944'545, 210'902}));
}

TEST(WindowOrder, ReadSequence_GivesTheTokensOfItsWindow) {
  std::vector<uint16_t> stored(1000);
  for (size_t i = 0; i < stored.size(); ++i) stored[i] = static_cast<uint16_t>(i);
  const TokenView tokens(stored.data(), 2, stored.size(), 1000);
  const WindowOrder order(stored.size(), 16, 9);
  std::vector<uint32_t> window(17);
  for (uint64_t s = 0; s < 200; ++s) {
    ASSERT_TRUE(order.ReadSequence(tokens, s, window).ok());
    for (size_t i = 0; i < window.size(); ++i) ASSERT_EQ(window[i], order.Window(s) + i);
  }
}

TEST(WindowOrder, ReadTrainingWindow_StartsWithTheBeginTokenInsteadOfALinesEnd) {
  const Tokenizer tokenizer = Tokenizer::Bytes();
  const std::string text = "ab\n\nc\nd ef\n";
  std::vector<uint16_t> stored;
  for (int i = 0; i < 20; ++i) {
    for (const char c : text) stored.push_back(static_cast<uint16_t>(tokenizer.Encode(std::string(1, c)).front()));
  }
  const TokenView tokens(stored.data(), 2, stored.size(), tokenizer.vocabulary());
  const WindowOrder order(stored.size(), 5, 9);
  std::vector<uint32_t> plain(6), window(6);
  std::set<bool> seen;
  for (uint64_t s = 0; s < 200; ++s) {
    ASSERT_TRUE(order.ReadSequence(tokens, s, plain).ok());
    ASSERT_TRUE(order.ReadTrainingWindow(tokens, tokenizer, s, window).ok());
    const bool at_end = text[order.Window(s) % text.size()] == '\n';
    seen.insert(at_end);
    if (at_end) plain[0] = tokenizer.begin();
    ASSERT_EQ(window, plain) << s;
  }
  EXPECT_EQ(seen.size(), 2u);
}

TEST(WindowOrder, TokenOutsideTheVocabulary_IsAnError) {
  std::vector<uint32_t> stored(33, 5);
  stored[20] = 300;
  const TokenView tokens(stored.data(), 4, stored.size(), 259);
  std::vector<uint32_t> window(33);
  const Status status = WindowOrder(33, 32, 1).ReadSequence(tokens, 0, window);
  EXPECT_EQ(status.code(), Code::kBadInput);
  EXPECT_NE(status.message().find("300"), std::string::npos) << status.message();
}

}  // namespace
}  // namespace cllm
