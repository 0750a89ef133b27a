#include "terminal/terminal_text.h"

#include <gtest/gtest.h>

namespace cllm {
namespace {

constexpr const char* kMark = "\xEF\xBF\xBD";  // U+FFFD

TEST(ForTerminal, PlainText_IsUnchanged) {
  for (const char* text : {"", "once upon a time\n\tin UTF-8: größer, 猫, 😀\n", "~ {}"}) {
    EXPECT_EQ(ForTerminal(text), text);
  }
}

TEST(ForTerminal, EveryControlByteButNewlineAndTab_IsMarked) {
  for (int byte = 0; byte < 0x20; ++byte) {
    const std::string text(1, static_cast<char>(byte));
    EXPECT_EQ(ForTerminal("a" + text + "b"),
              byte == '\n' || byte == '\t' ? "a" + text + "b" : std::string("a") + kMark + "b");
  }
  EXPECT_EQ(ForTerminal("\x7f"), kMark);
}

TEST(ForTerminal, EscapeSequence_LosesItsEscape) {
  EXPECT_EQ(ForTerminal("\x1b[2Jgone\x1b]0;title\x07"), std::string(kMark) + "[2Jgone" + kMark + "]0;title" + kMark);
}

// U+0080 to U+009F: U+009B starts a sequence like ESC [ does.
TEST(ForTerminal, ControlsOfTwoBytes_AreMarkedOnce) {
  EXPECT_EQ(ForTerminal("\xC2\x9BH"), std::string(kMark) + "H");
  EXPECT_EQ(ForTerminal("\xC2\x80\xC2\x9F"), std::string(kMark) + kMark);
  EXPECT_EQ(ForTerminal("\xC2\xA0"), "\xC2\xA0");  // the first that is none
}

TEST(ForTerminal, BytesThatAreNoUtf8_AreMarkedOneByOne) {
  EXPECT_EQ(ForTerminal("a\xFFz"), std::string("a") + kMark + "z");
  EXPECT_EQ(ForTerminal("\x9b"), kMark);
  EXPECT_EQ(ForTerminal("\xE7\x8C"), std::string(kMark) + kMark);              // a character cut off
  EXPECT_EQ(ForTerminal("\xC0\x8A"), std::string(kMark) + kMark);              // an overlong newline
  EXPECT_EQ(ForTerminal("\xED\xA0\x80"), std::string(kMark) + kMark + kMark);  // half of a surrogate pair
}

TEST(ProgramName, IsThePathThatStartedIt) {
  const std::string name = ProgramName();
  EXPECT_TRUE(name == "cllm" || name.ends_with("terminal_test")) << name;
}

}  // namespace
}  // namespace cllm
