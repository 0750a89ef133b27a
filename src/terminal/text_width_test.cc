#include "terminal/text_width.h"

#include <gtest/gtest.h>

namespace cllm {
namespace {

TEST(ColumnsOf, WideCharactersTakeTwo_CombiningOnesNone) {
  EXPECT_EQ(ColumnsOf(""), 0u);
  EXPECT_EQ(ColumnsOf("step 1"), 6u);
  EXPECT_EQ(ColumnsOf("größe"), 5u);
  EXPECT_EQ(ColumnsOf("gro\xCC\x88\xC3\x9F" "e"), 5u);  // o and a combining diaeresis
  EXPECT_EQ(ColumnsOf("日本語"), 6u);
  EXPECT_EQ(ColumnsOf("한국어.txt"), 10u);
  EXPECT_EQ(ColumnsOf("📘"), 2u);
  EXPECT_EQ(ColumnsOf("e\xCC\x81\xCC\xA3"), 1u);  // two combining marks
  EXPECT_EQ(ColumnsOf("a\xFF" "b"), 3u);          // no UTF-8
}

TEST(FirstColumns, NeverCutsACharacterOrGoesBeyond) {
  EXPECT_EQ(FirstColumns("abc", 2), "ab");
  EXPECT_EQ(FirstColumns("日本語", 5), "日本");
  EXPECT_EQ(FirstColumns("日本語", 1), "");
  EXPECT_EQ(FirstColumns("e\xCC\x81x", 1), "e\xCC\x81");
  EXPECT_EQ(FirstColumns("größe", 3), "grö");
  EXPECT_EQ(FirstColumns("abc", 9), "abc");
}

}  // namespace
}  // namespace cllm
