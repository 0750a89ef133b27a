#include "corpus/json_surrogates.h"

#include <gtest/gtest.h>

#include <string>

namespace cllm {
namespace {

TEST(ReplaceLoneSurrogates, LeavesEverythingElse) {
  std::string storage;
  for (const std::string text : {"", "\\", "\\u", "\\ud", "\\ud83", "plain \\n \\u00e9", "\\ud83d\\ude00", "\\uDxyz"}) {
    EXPECT_EQ(ReplaceLoneSurrogates(text, storage), text);
  }
  EXPECT_EQ(ReplaceLoneSurrogates("\\ude00\\ud83d", storage), "\\ufffd\\ufffd");
}

TEST(ReplaceLoneSurrogates, OfManyOnlyTheLone) {
  std::string storage;
  EXPECT_EQ(ReplaceLoneSurrogates(R"(a\ud83d\ude00b\uD83Dc\ude00)", storage), R"(a\ud83d\ude00b\ufffdc\ufffd)");
}

TEST(ReplaceLoneSurrogates, InBytes_AreReplaced_OrPairs) {
  std::string storage;
  EXPECT_EQ(ReplaceLoneSurrogates("a\xED\xA0\xBD" "b", storage), "a\xEF\xBF\xBD" "b");
  EXPECT_EQ(ReplaceLoneSurrogates("\xED\xB8\x80\xED\xA0\xBD", storage), "\xEF\xBF\xBD\xEF\xBF\xBD")
      << "the wrong way round";
  EXPECT_EQ(ReplaceLoneSurrogates("\xED\xA0\xBD\xED\xB8\x80!", storage), "\xF0\x9F\x98\x80!");
  EXPECT_EQ(ReplaceLoneSurrogates("\xED\xA0\xBD\\ud83d \xED\x95\x9C", storage), "\xEF\xBF\xBD\\ufffd \xED\x95\x9C")
      << "beside an escape; a Korean character begins with the same byte and stays";
  for (const std::string text : {"\xED", "\xED\xA0", "\xED\x9F\xBF", "\xED\xA0z", "\xED\xED\xED"}) {
    EXPECT_EQ(ReplaceLoneSurrogates(text, storage), text);
  }
}

TEST(ReplaceLoneSurrogates, CutEscapes_AreLeftToTheParser) {
  std::string storage;
  for (const char* text : {R"(\ud8)", R"(\ud83)", "\\"}) EXPECT_EQ(ReplaceLoneSurrogates(text, storage), text);
  EXPECT_EQ(ReplaceLoneSurrogates(R"(\ud83d\ude0)", storage), R"(\ufffd\ude0)");
}

}  // namespace
}  // namespace cllm
