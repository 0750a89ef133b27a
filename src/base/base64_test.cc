#include "base/base64.h"

#include <gtest/gtest.h>

namespace cllm {
namespace {

// The examples of RFC 4648, section 10.
TEST(Base64, Examples) {
  const char* const kExamples[][2] = {{"", ""},         {"f", "Zg=="},        {"fo", "Zm8="},       {"foo", "Zm9v"},
                                      {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : kExamples) EXPECT_EQ(Base64(bytes), text);
}

TEST(Base64, AnyByte) {
  EXPECT_EQ(Base64(std::string_view("\0\0\0", 3)), "AAAA");
  EXPECT_EQ(Base64("\xFF\xFE\xFD"), "//79");
  EXPECT_EQ(Base64("\xFB\xF0"), "+/A=");
}

}  // namespace
}  // namespace cllm
