#include "corpus/binary_check.h"

#include <gtest/gtest.h>

#include <string>

namespace cllm {
namespace {

TEST(BinaryReason, Nul_IsToldWithItsPlace) {
  EXPECT_EQ(BinaryReason(std::string("abc\0def", 7)), "a NUL byte at offset 3");
}

TEST(BinaryReason, OneControlInTwenty_IsText_OneMoreIsNot) {
  const std::string text(19, 'a');
  EXPECT_EQ(BinaryReason(text + '\x01'), "");
  EXPECT_EQ(BinaryReason(std::string(18, 'a') + "\x01\x7F"), "2 control bytes in its first 20");
}

TEST(BinaryReason, ControlsOfTexts_AndEveryHighByte_AreText) {
  EXPECT_EQ(BinaryReason("\b\t\n\v\f\r\x1B"), "");
  EXPECT_EQ(BinaryReason("\x80\xFF\xC0"), "");
  EXPECT_EQ(BinaryReason(""), "");
}

TEST(BinaryReason, Utf16WithoutAMark_IsToldHowToConvert) {
  std::string little, big;
  for (const char c : std::string("a text of some length")) little += {c, '\0'}, big += {'\0', c};
  EXPECT_NE(BinaryReason(little).find("iconv -f UTF-16LE"), std::string::npos);
  EXPECT_NE(BinaryReason(big).find("iconv -f UTF-16BE"), std::string::npos);
  EXPECT_EQ(BinaryReason(little.substr(0, 8)).find("iconv"), std::string::npos);  // too short to tell
}

TEST(BinaryReason, Utf32WithoutAMark_IsToldHowToConvert) {
  std::string little, big, greek;
  for (const char c : std::string("a text of some length")) {
    little += {c, '\0', '\0', '\0'}, big += {'\0', '\0', '\0', c}, greek += {c, '\x03', '\0', '\0'};
  }
  EXPECT_NE(BinaryReason(little).find("iconv -f UTF-32LE"), std::string::npos);
  EXPECT_NE(BinaryReason(big).find("iconv -f UTF-32BE"), std::string::npos);
  EXPECT_NE(BinaryReason(greek).find("iconv -f UTF-32LE"), std::string::npos);
  EXPECT_EQ(BinaryReason(std::string(64, '\0')).find("iconv"), std::string::npos);
  std::string numbers;  // 32-bit integers, of which some are 0
  for (int i = 0; i < 64; ++i) numbers += {static_cast<char>(i % 8), '\0', '\0', '\0'};
  EXPECT_EQ(BinaryReason(numbers).find("iconv"), std::string::npos);
}

}  // namespace
}  // namespace cllm
