#include "text/pre_split_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace cllm {
namespace {

using testing::HasSubstr;

constexpr PreSplit kRules[] = {PreSplit::kGpt2, PreSplit::kDigits, PreSplit::kLlama3, PreSplit::kQwen2};

Result<PreSplit> Parsed(const std::string& text) {
  const Result<JsonObject> json = JsonObject::Parse(text, "file");
  CHECK(json.ok());
  return ParsePreSplit(*json, "file");
}

std::string TextOf(PreSplit rule) { return WriteJson(std::get<JsonFields>(PreSplitJson(rule).content())); }

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  CHECK(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

TEST(PreSplitJson, IsReadAsWritten) {
  for (const PreSplit rule : kRules) {
    const Result<PreSplit> parsed = Parsed(TextOf(rule));
    ASSERT_TRUE(parsed.ok()) << parsed.status().message();
    EXPECT_EQ(*parsed, rule);
    EXPECT_EQ(*PreSplitNamed(NameOf(rule)), rule);
  }
}

TEST(PreSplitJson, Others_AreRefusedByName) {
  EXPECT_THAT(Parsed(R"({"type":"Metaspace"})").status().message(), HasSubstr("Metaspace"));
  EXPECT_THAT(Parsed(Replaced(TextOf(PreSplit::kLlama3), "{1,3}", "{1,2}")).status().message(), HasSubstr("{1,2}"));
  EXPECT_THAT(Parsed(Replaced(TextOf(PreSplit::kQwen2), "Isolated", "Removed")).status().message(),
              HasSubstr("splits by"));
  EXPECT_THAT(Parsed(Replaced(TextOf(PreSplit::kQwen2), "\"invert\":false", "\"invert\":true")).status().message(),
              HasSubstr("splits by"));
  EXPECT_THAT(Parsed(Replaced(TextOf(PreSplit::kDigits), "\"individual_digits\":true", "\"individual_digits\":false"))
                  .status()
                  .message(),
              HasSubstr("individual_digits"));
  EXPECT_THAT(
      Parsed(Replaced(TextOf(PreSplit::kDigits), "\"use_regex\":true", "\"use_regex\":false")).status().message(),
      HasSubstr("use_regex true"));
  EXPECT_THAT(Parsed(R"({"type":"Sequence","pretokenizers":[]})").status().message(), HasSubstr("0 steps"));
  EXPECT_THAT(PreSplitNamed("deepseek-llm").status().message(), HasSubstr("deepseek-llm"));
}

}  // namespace
}  // namespace cllm
