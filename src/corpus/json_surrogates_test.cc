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

TEST(ReplaceLoneSurrogates, CutEscapes_AreLeftToTheParser) {
  std::string storage;
  for (const char* text : {R"(\ud8)", R"(\ud83)", "\\"}) EXPECT_EQ(ReplaceLoneSurrogates(text, storage), text);
  EXPECT_EQ(ReplaceLoneSurrogates(R"(\ud83d\ude0)", storage), R"(\ufffd\ude0)");
}

}  // namespace
}  // namespace cllm
