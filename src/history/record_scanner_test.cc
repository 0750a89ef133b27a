#include "history/record_scanner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace cllm {
namespace {

using Kind = ScannedField::Kind;

std::vector<ScannedField> Scan(std::string_view line) {
  std::vector<ScannedField> fields;
  EXPECT_TRUE(ScanRecord(line, fields)) << line;
  return fields;
}

bool Scans(std::string_view line) {
  std::vector<ScannedField> fields;
  return ScanRecord(line, fields);
}

TEST(RecordScanner, PlainValues_AreRead) {
  const auto fields = Scan(R"({"step":12,"loss":2.5e-1,"a":null,"b":true,"c":false,"d":"text"})");
  ASSERT_EQ(fields.size(), 6u);
  EXPECT_EQ(fields[0].name, "step");
  EXPECT_EQ(fields[0].number, 12);
  EXPECT_EQ(fields[1].number, 0.25);
  EXPECT_EQ(fields[2].kind, Kind::kNull);
  EXPECT_EQ(fields[3].kind, Kind::kTrue);
  EXPECT_EQ(fields[3].number, 1);
  EXPECT_EQ(fields[4].number, 0);
  EXPECT_EQ(fields[5].text, "text");
}

TEST(RecordScanner, SpacesAndEnds_AreAsInJson) {
  EXPECT_EQ(Scan("  { \"a\" : 1 ,\t\"b\":2 }\r").size(), 2u);
  EXPECT_TRUE(Scan("{}").empty());
  for (const char* line :
       {"", "{", "{\"a\":1", "{\"a\":1}x", "{\"a\"1}", "{\"a\":}", "{a:1}", "[1]", "{\"a\":1,}", "1", "{\"a\":1}{"}) {
    EXPECT_FALSE(Scans(line)) << line;
  }
}

TEST(RecordScanner, WhatIsNotPlain_IsLeftToTheParser) {
  for (const char* line :
       {R"({"a":[1]})", R"({"a":{}})", R"({"a":"b\n"})", R"({"a\"":1})", "{\"a\":\"b\x01\"}", R"({"a":1e999})"}) {
    EXPECT_FALSE(Scans(line)) << line;
  }
}

// Some writers of JSON have them.
TEST(RecordScanner, NotFinite_IsRead) {
  const auto fields = Scan(R"({"a":NaN,"b":Infinity,"c":-Infinity,"d":nan,"e":-inf})");
  EXPECT_TRUE(std::isnan(fields[0].number));
  EXPECT_EQ(fields[1].number, INFINITY);
  EXPECT_EQ(fields[2].number, -INFINITY);
  EXPECT_TRUE(std::isnan(fields[3].number));
  EXPECT_EQ(fields[4].number, -INFINITY);
}

TEST(RecordScanner, EveryBeginningOfALine_IsNone) {
  const std::string line = R"({"step":12,"loss":0.25,"a":null,"d":"text","e":true})";
  for (size_t bytes = 0; bytes < line.size(); ++bytes) EXPECT_FALSE(Scans(line.substr(0, bytes))) << bytes;
}

}  // namespace
}  // namespace cllm
