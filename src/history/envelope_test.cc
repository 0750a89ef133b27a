#include "history/envelope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace cllm {
namespace {

using testing::ElementsAre;

struct Value {
  double x, y;
};

Envelope EnvelopeOf(const std::vector<Value>& values, size_t points, const Window& window = {},
                    Spacing spacing = Spacing::kEven) {
  EnvelopeMaker maker(window, points, spacing);
  for (const Value& value : values) maker.See(value.x, value.y);
  for (const Value& value : values) maker.Put(value.x, value.y);
  return std::move(maker).Finished();
}

TEST(Envelope, FewValues_AreAPointEach) {
  const Envelope all = EnvelopeOf({{1, 5}, {2, 3}, {9, 4}}, 3);
  EXPECT_THAT(all.x, ElementsAre(1, 2, 9));
  EXPECT_THAT(all.last, ElementsAre(5, 3, 4));
  EXPECT_EQ(all.low, all.last);
  EXPECT_EQ(all.high, all.last);
  EXPECT_EQ(all.mean, all.last);
  EXPECT_EQ(all.total, 3u);
}

TEST(Envelope, Buckets_HaveLastLowestHighestAndMean) {
  const Envelope all = EnvelopeOf({{0, 1}, {1, 9}, {2, 0}, {3, 6}, {10, 7}}, 3);
  EXPECT_THAT(all.x, ElementsAre(0, 3, 10));
  EXPECT_THAT(all.last, ElementsAre(1, 6, 7));
  EXPECT_THAT(all.low, ElementsAre(1, 0, 7));
  EXPECT_THAT(all.high, ElementsAre(1, 9, 7));
  EXPECT_THAT(all.mean, ElementsAre(1, 5, 7));
}

TEST(Envelope, NoValues_AreNone) {
  EXPECT_EQ(EnvelopeOf({}, 10).total, 0u);
  EXPECT_TRUE(EnvelopeOf({{1, 1}}, 10, {.from = 2, .to = 3}).x.empty());
}

TEST(Envelope, Window_IsReadAtItsFullResolution) {
  std::vector<Value> values;
  for (int i = 0; i < 1000; ++i) values.push_back({static_cast<double>(i), static_cast<double>(i % 7)});
  const Envelope all = EnvelopeOf(values, 20, {.from = 500, .to = 509});
  EXPECT_THAT(all.x, ElementsAre(500, 501, 502, 503, 504, 505, 506, 507, 508, 509));
  EXPECT_EQ(EnvelopeOf(values, 20).x.size(), 20u);
}

TEST(Envelope, NotFinite_IsAMarkAndNoValue) {
  const Envelope all = EnvelopeOf({{1, 5}, {2, NAN}, {3, -INFINITY}, {4, 2}}, 10);
  EXPECT_THAT(all.x, ElementsAre(1, 4));
  ASSERT_EQ(all.marks.size(), 2u);
  EXPECT_EQ(all.marks[0].x, 2);
  EXPECT_TRUE(std::isnan(all.marks[0].value));
  EXPECT_EQ(all.marks[1].value, -INFINITY);
}

// Equally wide buckets have one point for all of the beginning there.
TEST(Envelope, LogarithmicSpacing_KeepsTheBeginning) {
  std::vector<Value> values;
  for (int i = 1; i <= 100'000; ++i) values.push_back({static_cast<double>(i), 1.0 / i});
  const auto early = [](const Envelope& all) {
    return std::count_if(all.x.begin(), all.x.end(), [](double x) { return x <= 100; });
  };
  EXPECT_LE(early(EnvelopeOf(values, 200)), 2);
  EXPECT_GE(early(EnvelopeOf(values, 200, {}, Spacing::kLogarithmic)), 40);
}

// Whatever the values: no more points than asked for, nothing hidden, the ends as they are, x in order.
TEST(Envelope, RandomValues_HideNothing) {
  for (uint64_t round = 0; round < 200; ++round) {
    std::vector<Value> values;
    double x = static_cast<double>(RandomBits(round, 1) % 3);
    const size_t count = 1 + RandomBits(round, 2) % 300;
    for (size_t i = 0; i < count; ++i) {
      x += static_cast<double>(RandomBits(round, 10 + i) % 5);
      values.push_back({x, UnitDouble(RandomBits(round, 1000 + i)) - 0.5});
    }
    const size_t points = RandomBits(round, 3) % 60;
    const Spacing spacing = round % 2 == 0 ? Spacing::kEven : Spacing::kLogarithmic;
    const Envelope all = EnvelopeOf(values, points, {}, spacing);
    ASSERT_LE(all.x.size(), std::max<size_t>(points, 2)) << round;
    EXPECT_EQ(all.total, count);
    EXPECT_TRUE(std::is_sorted(all.x.begin(), all.x.end())) << round;
    const auto [low, high] =
        std::minmax_element(values.begin(), values.end(), [](Value a, Value b) { return a.y < b.y; });
    EXPECT_EQ(*std::min_element(all.low.begin(), all.low.end()), low->y) << round;
    EXPECT_EQ(*std::max_element(all.high.begin(), all.high.end()), high->y) << round;
    EXPECT_EQ(all.x.front(), values.front().x);
    EXPECT_EQ(all.last.front(), values.front().y);
    EXPECT_EQ(all.x.back(), values.back().x);
    EXPECT_EQ(all.last.back(), values.back().y);
  }
}

}  // namespace
}  // namespace cllm
