#include "text/string_index.h"

#include <gtest/gtest.h>

#include <string>
#include <unordered_map>

#include "base/random.h"

namespace cllm {
namespace {

TEST(StringIndex, NumbersStringsInOrderOfArrival) {
  StringIndex index;
  EXPECT_EQ(index.Find("a"), StringIndex::kAbsent);
  EXPECT_EQ(index.Add("a"), 0u);
  EXPECT_EQ(index.Add(""), 1u);
  EXPECT_EQ(index.Add(std::string_view("a\0b", 3)), 2u);
  EXPECT_EQ(index.Add("a"), 0u);
  EXPECT_EQ(index.Find(std::string_view("a\0b", 3)), 2u);
  EXPECT_EQ(index.Find(std::string_view("a\0c", 3)), StringIndex::kAbsent);
  EXPECT_EQ(index.size(), 3u);
  EXPECT_EQ(index.bytes(), 4u);
  EXPECT_EQ(index[0], "a");
  EXPECT_EQ(index[1], "");
  EXPECT_EQ(index[2], std::string_view("a\0b", 3));
}

TEST(StringIndex, AgreesWithAMapThroughGrowth) {
  StringIndex index;
  std::unordered_map<std::string, uint32_t> expected;
  for (uint64_t i = 0; i < 100'000; ++i) {
    const uint64_t bits = RandomBits(1, i) % 20'000;
    const std::string text = std::string(bits % 37, 'x') + std::to_string(bits);
    const auto number = expected.try_emplace(text, static_cast<uint32_t>(expected.size())).first->second;
    ASSERT_EQ(index.Add(text), number);
  }
  EXPECT_EQ(index.size(), expected.size());
  for (const auto& [text, number] : expected) {
    ASSERT_EQ(index.Find(text), number);
    ASSERT_EQ(index[number], text);
  }
}

}  // namespace
}  // namespace cllm
