#include "store/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "base/random.h"
#include "base/testing/temporary_directory.h"

namespace cllm {
namespace {

using testing::HasSubstr;

TEST(Json, WriteJson_EveryKind_InOrder) {
  const JsonFields fields = {{"z", 1},
                             {"a", -2L},
                             {"u", UINT64_MAX},
                             {"r", 0.5},
                             {"t", true},
                             {"n", JsonValue()},
                             {"s", "x\"\n"},
                             {"o", JsonFields{{"i", 1u}}},
                             {"l", JsonArray{1, "two"}}};
  EXPECT_EQ(
      WriteJson(fields),
      R"({"z":1,"a":-2,"u":18446744073709551615,"r":0.5,"t":true,"n":null,"s":"x\"\n","o":{"i":1},"l":[1,"two"]})");
}

TEST(Json, WriteJson_InvalidUtf8_BecomesReplacementCharacters) {
  EXPECT_EQ(WriteJson({{"s", std::string("a\xff\xc3(\x80")}}), "{\"s\":\"a\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\"}");
}

TEST(Json, WriteJson_NonFinite_IsNull) {
  EXPECT_EQ(WriteJson({{"a", NAN}, {"b", -INFINITY}}), R"({"a":null,"b":null})");
}

TEST(Json, RoundTrip_AnyDouble_SameBits) {
  for (uint64_t i = 0; i < 20000; ++i) {
    const uint64_t bits = RandomBits(5, i);
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) continue;
    const double back = *JsonObject::Parse(WriteJson({{"x", value}}), "t")->Real("x");
    uint64_t back_bits = 0;
    std::memcpy(&back_bits, &back, sizeof back);
    ASSERT_EQ(back_bits, bits) << value;
  }
}

TEST(Json, Getters_KindAndRange) {
  const JsonObject object = *JsonObject::Parse(
      R"({"i":-3,"u":18446744073709551615,"r":2.5,"b":false,"s":"é","o":{"x":1},"l":[1,2],"p":[{},{"x":2}],"n":null})",
      "state.json");
  EXPECT_EQ(*object.Integer("i"), -3);
  EXPECT_EQ(*object.Unsigned("u"), UINT64_MAX);
  EXPECT_EQ(*object.Real("r"), 2.5);
  EXPECT_EQ(*object.Real("i"), -3.0);
  EXPECT_EQ(*object.Boolean("b"), false);
  EXPECT_EQ(*object.Text("s"), "é");
  EXPECT_EQ(*object.Object("o")->Integer("x"), 1);
  EXPECT_EQ(object.Array("l")->size(), 2u);
  EXPECT_EQ(*object.Objects("p")->at(1).Integer("x"), 2);
  const std::vector<Status> errors = {object.Integer("u").status(),  object.Integer("r").status(),
                                      object.Unsigned("i").status(), object.Unsigned("r").status(),
                                      object.Real("s").status(),     object.Real("n").status(),
                                      object.Boolean("i").status(),  object.Text("i").status(),
                                      object.Object("l").status(),   object.Array("o").status(),
                                      object.Objects("l").status()};
  for (const Status& status : errors) {
    EXPECT_EQ(status.code(), Code::kBadInput);
    EXPECT_THAT(status.message(), HasSubstr("state.json: the field '"));
    EXPECT_THAT(status.message(), HasSubstr("expected"));
  }
  EXPECT_THAT(object.Integer("absent").status().message(), HasSubstr("the field 'absent' is missing"));
  EXPECT_THAT(object.Object("o")->Integer("y").status().message(), HasSubstr("state.json: o: the field 'y'"));
}

TEST(Json, Parse_Wrong_IsBadInput) {
  const std::string deep(kMaxJsonDepth + 1, '[');
  const std::string very_deep(1'000'000, '[');
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "an error at byte"},
      {"{", "an error at byte"},
      {"{}x", "an error at byte"},
      {"[1]", "expected a JSON object"},
      {R"({"a":1,"a":2})", "the name 'a' twice"},
      {R"({"o":{"b":1,"c":2,"b":3}})", "the name 'b' twice"},
      {R"({"a":)" + deep, "deeper than 64"},
      {R"({"a":)" + very_deep, "deeper than 64"},
      {"{\"a\":\"\xff\"}", "an error at byte"},
      {R"({"a":1e999})", "an error at byte"},
      {R"({"a":NaN})", "an error at byte"},
      {std::string("{\"a\":\"\0\"}", 9), "an error at byte"},
      {R"({"a":"\ud800"})", "an error at byte"},
  };
  for (const auto& [text, expected] : cases) {
    const Result<JsonObject> object = JsonObject::Parse(text, "x.json");
    ASSERT_FALSE(object.ok()) << text.substr(0, 100);
    EXPECT_EQ(object.status().code(), Code::kBadInput);
    EXPECT_THAT(object.status().message(), HasSubstr("x.json: "));
    EXPECT_THAT(object.status().message(), HasSubstr(expected)) << text.substr(0, 100);
  }
}

TEST(Json, Parse_DeepestAllowed_IsRead) {
  const std::string open(kMaxJsonDepth - 1, '['), close(kMaxJsonDepth - 1, ']');
  EXPECT_TRUE(JsonObject::Parse(R"({"a":)" + open + close + "}", "t").ok());
}

TEST(Json, Parse_EveryTruncation_IsRefused) {
  const std::string text = R"({"format":1,"o":{"x":[1,2.5e3,"\u00e9"]},"t":true})";
  ASSERT_TRUE(JsonObject::Parse(text, "t").ok());
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(JsonObject::Parse(text.substr(0, size), "t").ok()) << size;
  }
}

TEST(Json, ReadFrom_SizeIsCapped) {
  const TemporaryDirectory folder;
  WriteText(folder / "a.json", R"({"a":1})");
  EXPECT_EQ(*JsonObject::ReadFrom(folder / "a.json", 7)->Integer("a"), 1);
  EXPECT_EQ(JsonObject::ReadFrom(folder / "a.json", 6).status().code(), Code::kBadInput);
}

TEST(Json, CheckFormat_NewerIsRefused) {
  const auto check = [](const std::string& text) { return JsonObject::Parse(text, "f")->CheckFormat(2); };
  EXPECT_TRUE(check(R"({"format":1})").ok());
  EXPECT_TRUE(check(R"({"format":2})").ok());
  EXPECT_THAT(check(R"({"format":3})").message(), HasSubstr("newer program (format 3, this one reads up to 2)"));
  EXPECT_THAT(check(R"({"format":0})").message(), HasSubstr("found 0"));
  EXPECT_THAT(check(R"({"format":"1"})").message(), HasSubstr("expected a whole number"));
  EXPECT_THAT(check("{}").message(), HasSubstr("missing"));
}

}  // namespace
}  // namespace cllm
