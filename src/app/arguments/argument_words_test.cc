#include "app/arguments/argument_words.h"

#include <gtest/gtest.h>

namespace cllm {
namespace {

using Words = std::vector<std::string>;

const std::vector<OptionRow> kRows = {
    {.name = "MODEL", .required = true},           {.name = "TEXT", .repeats = true},
    {.name = "-n,--tokens", .value = "N"},         {.name = "-d,--decode"},
    {.name = "-j,--json"},                         {.name = "-p,--prompt", .value = "TEXT"},
    {.name = "--stop", .value = "TEXT", .repeats = true}, {.name = "--untied"},
};

struct Parsed {
  Result<ParsedWords> words;
  UnknownWord unknown;
  const Words& of(size_t row) const { return words->values[row]; }
};

Parsed Parse(const Words& words) {
  UnknownWord unknown;
  Result<ParsedWords> parsed = ParseWords(kRows, words, unknown);
  return {std::move(parsed), unknown};
}

TEST(ArgumentWords, EveryWayOfWritingAValue) {
  for (const Words& words : {Words{"-n", "5"}, {"-n5"}, {"--tokens", "5"}, {"--tokens=5"}, {"-dn5"}, {"-dn", "5"}}) {
    EXPECT_EQ(Parse(words).of(2), Words{"5"});
  }
  EXPECT_EQ(Parse({"--tokens="}).of(2), Words{""});
  EXPECT_EQ(Parse({"--prompt=a=b"}).of(5), Words{"a=b"});
  EXPECT_EQ(Parse({"-p=x"}).of(5), Words{"=x"});  // as GNU programs do
  EXPECT_EQ(Parse({"-p", "-5"}).of(5), Words{"-5"});
  EXPECT_EQ(Parse({"-p", "--"}).of(5), Words{"--"});
  EXPECT_EQ(Parse({"-p", ""}).of(5), Words{""});
  EXPECT_EQ(Parse({"--prompt=", "run"}).of(5), Words{""});
  EXPECT_EQ(Parse({"--prompt=", "run"}).of(0), Words{"run"});
  EXPECT_EQ(Parse({"-p--decode"}).of(5), Words{"--decode"});
  EXPECT_EQ(Parse({"-p", "-prompt"}).of(5), Words{"-prompt"});
  EXPECT_EQ(Parse({"--stop", "a", "--stop=b"}).of(6), (Words{"a", "b"}));
}

TEST(ArgumentWords, Flags_StandAloneAndTakeNoWord) {
  const Parsed parsed = Parse({"--untied", "run", "book.txt", "-dj"});
  EXPECT_EQ(parsed.of(7), Words{"true"});
  EXPECT_EQ(parsed.of(0), Words{"run"});
  EXPECT_EQ(parsed.of(1), Words{"book.txt"});
  EXPECT_EQ(parsed.of(3), Words{"true"});
  EXPECT_EQ(parsed.of(4), Words{"true"});
  EXPECT_EQ(Parse({"--untied=false"}).of(7), Words{"false"});
  EXPECT_EQ(Parse({"--untied="}).of(7), Words{""}) << "no value of a flag, and to be refused";
}

// No word is a file of words, a list or a pattern here.
TEST(ArgumentWords, NoWordHasASecondMeaning) {
  for (const char* word : {"@run", "[a,b]", "{a,b}", "a b", "%x", "/x", "a@b", "'q'", "-", "", "~", "$HOME", "a=b"}) {
    const Parsed parsed = Parse({"run", word, "-p", word, "--stop", word});
    ASSERT_TRUE(parsed.words.ok()) << word;
    EXPECT_EQ(parsed.unknown.word, "");
    EXPECT_EQ(parsed.of(1), Words{word});
    EXPECT_EQ(parsed.of(5), Words{word});
    EXPECT_EQ(parsed.of(6), Words{word});
  }
}

TEST(ArgumentWords, AfterTwoDashes_NothingIsAnOption) {
  const Parsed parsed = Parse({"-d", "--", "-n", "--help", "--"});
  EXPECT_FALSE(parsed.words->help);
  EXPECT_EQ(parsed.of(0), Words{"-n"});
  EXPECT_EQ(parsed.of(1), (Words{"--help", "--"}));
}

TEST(ArgumentWords, ValueThatMayBeLeftOut_StandsInOneWordWithItsName) {
  const std::vector<OptionRow> rows = {{.name = "--port", .value = "N", .may_stand_alone = true},
                                       {.name = "TEXT", .repeats = true}};
  const auto port = [&](const Words& words) {
    UnknownWord unknown;
    const Result<ParsedWords> parsed = ParseWords(rows, words, unknown);
    EXPECT_TRUE(parsed.ok() && unknown.word.empty());
    return parsed->values[0];
  };
  EXPECT_EQ(port({"a"}), Words{});
  EXPECT_EQ(port({"--port"}), Words{"true"});
  EXPECT_EQ(port({"--port=80", "a"}), Words{"80"});
  EXPECT_EQ(port({"--port", "80"}), Words{"true"}) << "80 is a text";
  EXPECT_EQ(port({"a", "--port=x"}), Words{"x"});
  EXPECT_EQ(port({"--port="}), Words{""});
}

TEST(ArgumentWords, MissingValue_IsUsage) {
  for (const Words& words : {Words{"-n"}, {"--tokens"}, {"-dn"}, {"--prompt", "--decode"}, {"-p", "-n", "5"}}) {
    EXPECT_EQ(Parse(words).words.status().code(), Code::kUsage);
  }
  EXPECT_EQ(Parse({"--prompt", "--decode"}).words.status().message(),
            "--prompt needs a value, and '--decode' is an option; where it is meant as the value, write "
            "--prompt=--decode");
}

TEST(ArgumentWords, UnknownWords_AreNamedWithoutTheirValue) {
  EXPECT_EQ(Parse({"run", "--tokenz=5"}).unknown.word, "--tokenz");
  EXPECT_EQ(Parse({"-x"}).unknown.word, "-x");
  EXPECT_EQ(Parse({"-dx"}).unknown.word, "-dx");
  EXPECT_EQ(Parse({"-p=x", "-x"}).unknown.word, "-x");
  EXPECT_EQ(Parse({"-5"}).unknown.word, "-5");
  EXPECT_EQ(Parse({"-d5"}).unknown.word, "-d5");
  EXPECT_EQ(Parse({"---a=b"}).unknown.word, "---a");
  EXPECT_EQ(Parse({"-tokens", "5"}).unknown.word, "-tokens");
  EXPECT_EQ(Parse({"-prompt", "5"}).unknown.word, "-prompt");  // not -p with "rompt"
  EXPECT_TRUE(Parse({"-x"}).unknown.option);
  UnknownWord unknown;
  const std::vector<OptionRow> one = {{.name = "MODEL"}};
  ASSERT_TRUE(ParseWords(one, Words{"a", "b"}, unknown).ok());
  EXPECT_EQ(unknown.word, "b");
  EXPECT_FALSE(unknown.option);
  ASSERT_TRUE(ParseWords(one, Words{"a", ""}, unknown).ok());
  EXPECT_EQ(unknown.word, "(an empty word)");
}

TEST(ArgumentWords, HelpAndVersion_BelongToAll_AndEndTheReading) {
  for (const Words& words : {Words{"-h"}, {"--help"}, {"run", "--help", "--nonsense"}, {"-dh"}}) {
    EXPECT_TRUE(Parse(words).words->help);
    EXPECT_EQ(Parse(words).unknown.word, "");
  }
  EXPECT_TRUE(Parse({"-V"}).words->version);
  EXPECT_TRUE(Parse({"--version"}).words->version);
  EXPECT_FALSE(Parse({"--prompt=--help"}).words->help);
}

}  // namespace
}  // namespace cllm
