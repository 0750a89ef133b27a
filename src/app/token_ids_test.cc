#include "app/token_ids.h"

#include <gtest/gtest.h>

namespace cllm {
namespace {

using Ids = std::vector<uint32_t>;

TEST(ParseTokenIds, EveryWayOfWritingThem) {
  for (const char* text : {"1 2 258", "1\n2\n258\n", "[1, 2, 258]", " 1,2,\t258\r\n", "01 2 258", "[[1,2],[258]]"}) {
    const Result<Ids> ids = ParseTokenIds(text, "x", 259);
    ASSERT_TRUE(ids.ok()) << text;
    EXPECT_EQ(*ids, (Ids{1, 2, 258}));
  }
  EXPECT_EQ(*ParseTokenIds("", "x", 259), Ids());
  EXPECT_EQ(*ParseTokenIds(" \n[] ,\n", "x", 259), Ids());
}

TEST(ParseTokenIds, AWordThatIsNone_IsNamedWithItsPlace) {
  const auto refused = [](const std::string& text, const std::string& place) {
    const Status status = ParseTokenIds(text, "ids.txt", 259).status();
    EXPECT_EQ(status.code(), Code::kBadInput);
    EXPECT_EQ(status.message(), "ids.txt, " + place + " is no token id, expected whole numbers from 0 to 258");
  };
  refused("1 2\n3 x4 5", "line 2, column 3: 'x4'");
  refused("259", "line 1, column 1: '259'");
  refused("1\r\n\r\n-1", "line 3, column 1: '-1'");
  refused("\xC3\xA9", "line 1, column 1: '\xC3\xA9'");
  refused("[1, 2.5]", "line 1, column 5: '2.5'");
  refused("1 +2", "line 1, column 3: '+2'");
  refused("0x10", "line 1, column 1: '0x10'");
  refused("12abc", "line 1, column 1: '12abc'");
  refused("99999999999999999999999", "line 1, column 1: '99999999999999999999999'");
  refused("4294967297", "line 1, column 1: '4294967297'");
  refused(std::string("\x1b[2J", 4), "line 1, column 1: '\xEF\xBF\xBD'");
}

}  // namespace
}  // namespace cllm
