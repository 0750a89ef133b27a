#include "base/units.h"

#include <gtest/gtest.h>

#include <limits>

namespace cllm {
namespace {

TEST(Units, ParseDuration_UnitsInOrder_AreAdded) {
  EXPECT_EQ(*ParseDuration("90s"), 90);
  EXPECT_EQ(*ParseDuration("90"), 90);
  EXPECT_EQ(*ParseDuration("10m"), 600);
  EXPECT_EQ(*ParseDuration("1h"), 3600);
  EXPECT_EQ(*ParseDuration("3m30s"), 210);
  EXPECT_EQ(*ParseDuration("1.5h"), 5400);
  EXPECT_EQ(*ParseDuration("2d4h"), 187200);
  EXPECT_EQ(*ParseDuration("0.5"), 0.5);
}

TEST(Units, ParseDuration_AnythingElse_IsUsageThatQuotesIt) {
  for (const char* text : {"", "s", "m3", "10x", "1s1m", "1m1m", "1m30", "-5s", "+5s", " 5s", "5s ", "1e3s", "1.2.3s",
                           ".", "inf", "nan", "0", "0s", "99999999999d"}) {
    const Result<double> result = ParseDuration(text);
    ASSERT_FALSE(result.ok()) << text;
    EXPECT_EQ(result.status().code(), Code::kUsage) << text;
    EXPECT_NE(result.status().message().find("'" + std::string(text) + "'"), std::string::npos) << text;
  }
}

TEST(Units, ParseCount_WholeNumbersOnly) {
  EXPECT_EQ(*ParseCount("0"), 0u);
  EXPECT_EQ(*ParseCount("2000"), 2000u);
  EXPECT_EQ(*ParseCount("18446744073709551615"), UINT64_MAX);
  for (const char* text : {"", "-1", "+1", "1.0", "4k", " 1", "1 ", "0x10", "18446744073709551616", "1e3"}) {
    ASSERT_FALSE(ParseCount(text).ok()) << text;
    EXPECT_EQ(ParseCount(text).status().code(), Code::kUsage) << text;
  }
}

TEST(Units, ParseReal_FiniteNumbersOnly) {
  EXPECT_EQ(*ParseReal("0.003"), 0.003);
  EXPECT_EQ(*ParseReal("3e-3"), 0.003);
  EXPECT_EQ(*ParseReal("-1"), -1.0);
  for (const char* text : {"", "nan", "inf", "-inf", "1e999", "0.1x", " 1", "1,5"}) {
    ASSERT_FALSE(ParseReal(text).ok()) << text;
    EXPECT_EQ(ParseReal(text).status().code(), Code::kUsage) << text;
  }
}

TEST(Units, FormatDuration_TwoUnitsAtMost) {
  EXPECT_EQ(FormatDuration(0.5), "0.5s");
  EXPECT_EQ(FormatDuration(9.96), "10s");
  EXPECT_EQ(FormatDuration(42), "42s");
  EXPECT_EQ(FormatDuration(59.6), "1m00s");
  EXPECT_EQ(FormatDuration(210), "3m30s");
  EXPECT_EQ(FormatDuration(3599.7), "1h00m");
  EXPECT_EQ(FormatDuration(3900), "1h05m");
  EXPECT_EQ(FormatDuration(86400 - 1), "1d00h");
  EXPECT_EQ(FormatDuration(187200), "2d04h");
  EXPECT_EQ(FormatDuration(-1), "unknown");
  EXPECT_EQ(FormatDuration(std::numeric_limits<double>::quiet_NaN()), "unknown");
}

TEST(Units, ParseBytes_PowersOf1024) {
  EXPECT_EQ(*ParseBytes("0"), 0u);
  EXPECT_EQ(*ParseBytes("1500"), 1500u);
  EXPECT_EQ(*ParseBytes("20G"), uint64_t{20} << 30);
  EXPECT_EQ(*ParseBytes("1.5 GiB"), uint64_t{3} << 29);
  EXPECT_EQ(*ParseBytes("64mb"), uint64_t{64} << 20);
  EXPECT_EQ(*ParseBytes("2T"), uint64_t{2} << 40);
  for (const char* text : {"", "G", "x", "-1G", "1X", "1GG", "1e30", "999999999T", "1.2.3M", "nan"}) {
    ASSERT_FALSE(ParseBytes(text).ok()) << text;
    EXPECT_EQ(ParseBytes(text).status().code(), Code::kUsage) << text;
  }
}

TEST(Units, FormatBytes_BinaryUnits) {
  EXPECT_EQ(FormatBytes(0), "0 B");
  EXPECT_EQ(FormatBytes(1023), "1023 B");
  EXPECT_EQ(FormatBytes(1536), "1.5 KiB");
  EXPECT_EQ(FormatBytes((uint64_t{1} << 20) - 1), "1.0 MiB");
  EXPECT_EQ(FormatBytes(uint64_t{386} << 20), "386.0 MiB");
  EXPECT_EQ(FormatBytes(uint64_t{2} << 30), "2.0 GiB");
  EXPECT_EQ(FormatBytes(UINT64_MAX), "16.0 EiB");
}

TEST(Units, FormatCount_GroupsOfThree) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1000), "1,000");
  EXPECT_EQ(FormatCount(1234567), "1,234,567");
}

TEST(Units, FormatShortCount_HasThreeDigits) {
  EXPECT_EQ(FormatShortCount(0), "0");
  EXPECT_EQ(FormatShortCount(259), "259");
  EXPECT_EQ(FormatShortCount(43'210), "43.2 k");
  EXPECT_EQ(FormatShortCount(800'000), "0.8 M");
  EXPECT_EQ(FormatShortCount(999'960), "1.0 M");
  EXPECT_EQ(FormatShortCount(134'515'008), "135 M");
  EXPECT_EQ(FormatShortCount(1'100'048'384), "1.1 B");
  EXPECT_EQ(FormatShortCount(70'553'706'496'000), "70.6 T");
}

}  // namespace
}  // namespace cllm
