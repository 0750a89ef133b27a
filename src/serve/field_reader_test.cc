#include "serve/field_reader.h"

#include <gtest/gtest.h>

#include <limits>

namespace cllm {
namespace {

JsonFields Parsed(const std::string& json) { return JsonObject::Parse(json, "x")->fields(); }

TEST(FieldReader, NullIsAbsent_AndDefaultsHold) {
  const JsonFields fields = Parsed(R"({"a": null})");
  FieldReader reader(fields);
  EXPECT_EQ(reader.Whole("a", 0, 9, 5), 5);
  EXPECT_EQ(reader.Real("b", 0, 9, 2.5), 2.5);
  EXPECT_EQ(reader.Text("a", "x"), "x");
  EXPECT_TRUE(reader.Truth("b", true));
  EXPECT_TRUE(reader.Texts("a").empty());
  EXPECT_FALSE(reader.Has("a"));
  EXPECT_FALSE(reader.error());
}

TEST(FieldReader, Whole_AtItsEdges) {
  const auto whole = [](const std::string& json, int64_t low, int64_t high) -> std::optional<int64_t> {
    const JsonFields fields = Parsed("{\"n\": " + json + "}");
    FieldReader reader(fields);
    const int64_t value = reader.Whole("n", low, high, 77);
    if (reader.error()) return std::nullopt;
    return value;
  };
  constexpr int64_t kLow = std::numeric_limits<int64_t>::min(), kHigh = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(whole("9223372036854775807", kLow, kHigh), kHigh);
  EXPECT_EQ(whole("-9223372036854775808", kLow, kHigh), kLow);
  EXPECT_EQ(whole("9223372036854775808", kLow, kHigh), std::nullopt);
  EXPECT_EQ(whole("1e18", kLow, kHigh), 1'000'000'000'000'000'000);
  EXPECT_EQ(whole("-2.0", -2, 5), -2);
  EXPECT_EQ(whole("-0.0", 0, 5), 0);
  EXPECT_EQ(whole("5", 0, 5), 5);
  for (const char* wrong : {"6", "-1", "0.5", "-0.5", "\"3\"", "true", "[]", "{}", "1e19", "1e300", "-1e300"}) {
    EXPECT_EQ(whole(wrong, 0, 5), std::nullopt) << wrong;
  }
}

TEST(FieldReader, Seed_TakesAnyWholeNumberOfSixtyFourBits) {
  const auto seed = [](const std::string& json) -> std::optional<uint64_t> {
    const JsonFields fields = Parsed("{\"n\": " + json + "}");
    FieldReader reader(fields);
    const uint64_t value = reader.Seed("n", 0);
    if (reader.error()) return std::nullopt;
    return value;
  };
  EXPECT_EQ(seed("18446744073709551615"), ~uint64_t{0});
  EXPECT_EQ(seed("-1"), ~uint64_t{0});
  EXPECT_EQ(seed("42.0"), 42u);
  EXPECT_EQ(seed("9.3e18"), 9'300'000'000'000'000'000u);
  for (const char* wrong : {"1.5", "1e20", "-1e20", "\"1\"", "false"}) EXPECT_EQ(seed(wrong), std::nullopt) << wrong;
}

TEST(FieldReader, Refusals_NameFieldExpectationAndValue_TheFirstOne) {
  const JsonFields fields = Parsed(R"({"t": "warm", "k": [1, 2], "n": 5})");
  FieldReader reader(fields);
  reader.Real("t", 0, 2, 1);
  reader.Whole("k", 0, 2, 1);
  ASSERT_TRUE(reader.error());
  EXPECT_EQ(reader.error()->param, "t");
  EXPECT_EQ(reader.error()->message, "'t' is \"warm\", expected a number from 0 to 2");
  FieldReader other(fields);
  other.Refuse("missing", "a text");
  EXPECT_EQ(other.error()->message, "'missing' is missing, expected a text");
}

TEST(FieldReader, TextsAndTokenIds) {
  const JsonFields fields =
      Parsed(R"({"a": "x", "b": ["x", ""], "c": [1], "ids": [0, 8.0, 3], "far": [9], "odd": [-1]})");
  FieldReader reader(fields);
  EXPECT_EQ(reader.Texts("a"), (std::vector<std::string>{"x"}));
  EXPECT_EQ(reader.Texts("b"), (std::vector<std::string>{"x", ""}));
  EXPECT_EQ(reader.TokenIds("ids", std::get<JsonArray>(reader.Find("ids")->content()), 9),
            (std::vector<uint32_t>{0, 8, 3}));
  EXPECT_FALSE(reader.error());
  for (const char* name : {"far", "odd"}) {
    FieldReader wrong(fields);
    wrong.TokenIds(name, std::get<JsonArray>(wrong.Find(name)->content()), 9);
    EXPECT_TRUE(wrong.error()) << name;
  }
  FieldReader wrong(fields);
  wrong.Texts("c");
  EXPECT_TRUE(wrong.error());
}

TEST(ShortJson, CutsBetweenCharacters) {
  EXPECT_EQ(ShortJson(JsonValue("a")), "\"a\"");
  std::string text;
  for (int i = 0; i < 60; ++i) text += "\u00e9";
  const std::string cut = ShortJson(JsonValue(text));
  EXPECT_TRUE(cut.ends_with("\u00e9...")) << cut;
  EXPECT_LT(cut.size(), 70u);
}

}  // namespace
}  // namespace cllm
