#include "corpus/split_text.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <numeric>
#include <string>
#include <vector>

#include "corpus/testing/text_fixture.h"

namespace cllm {
namespace {

class SplitTextTest : public testing::Test {
 protected:
  TextOptions Options(const std::vector<std::string>& paths) {
    return {.corpus = {.paths = paths}, .cache_directory = cache_.path()};
  }
  std::vector<std::string> Part(const SplitText& text, CorpusPart part) {
    DocumentCollector collector;
    const Status status = text.Source(part)(collector.Visitor());
    EXPECT_TRUE(status.ok()) << status.message();
    EXPECT_FALSE(collector.open());
    return collector.documents();
  }

  TemporaryDirectory files_;
  TemporaryDirectory cache_;
};

TEST_F(SplitTextTest, SingleDocument_ValidatesItsLastTenth) {
  for (const size_t bytes : {10u, 11u, 99u, 1000u, 300'007u, 1'115'394u}) {
    std::string text(bytes, '\0');
    for (size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>('a' + i * 7 % 26);
    const Result<SplitText> split = SplitText::Open(Options({files_.Write("a.txt", text)}));
    ASSERT_TRUE(split.ok()) << split.status().message();
    const size_t cut = bytes * 9 / 10;
    EXPECT_EQ(Part(*split, CorpusPart::kTraining), std::vector<std::string>{text.substr(0, cut)});
    EXPECT_EQ(Part(*split, CorpusPart::kValidation), std::vector<std::string>{text.substr(cut)});
    EXPECT_EQ(split->statistics().bytes, bytes);
    EXPECT_TRUE(split->notes().empty());
  }
}

TEST_F(SplitTextTest, LongTextOfManyScripts_LosesNothingAtTheCut) {
  const std::string text = SampleText(2'000'000, 9);
  const Result<SplitText> split = SplitText::Open(Options({files_.Write("a.txt", text)}));
  ASSERT_TRUE(split.ok());
  const std::vector<std::string> training = Part(*split, CorpusPart::kTraining);
  const std::vector<std::string> validation = Part(*split, CorpusPart::kValidation);
  ASSERT_EQ(training.size(), 1u);
  ASSERT_EQ(validation.size(), 1u);
  EXPECT_EQ(training[0] + validation[0], text);
  EXPECT_GE(training[0].size(), text.size() * 9 / 10);
  EXPECT_LE(training[0].size(), text.size() * 9 / 10 + 3);
  EXPECT_NE(validation[0][0] & 0xC0, 0x80) << "validation begins with a whole character";
}

TEST_F(SplitTextTest, ManyDocuments_AreKeptWhole) {
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += "{\"text\": \"document " + std::to_string(1000 + i) + "\"}\n";
  const Result<SplitText> split = SplitText::Open(Options({files_.Write("a.jsonl", lines)}));
  ASSERT_TRUE(split.ok());
  const std::vector<std::string> training = Part(*split, CorpusPart::kTraining);
  EXPECT_EQ(training.size(), 900u);
  EXPECT_EQ(training.back(), "document 1899");
  EXPECT_EQ(Part(*split, CorpusPart::kValidation).size(), 100u);
  EXPECT_EQ(split->statistics().documents, 1000u);
}

TEST_F(SplitTextTest, ValidationText_LeavesTheCorpusToTraining) {
  TextOptions options = Options({files_.Write("a.txt", "the whole corpus")});
  options.validation_paths = {files_.Write("v.txt", "the other text")};
  const Result<SplitText> split = SplitText::Open(options);
  ASSERT_TRUE(split.ok());
  EXPECT_EQ(Part(*split, CorpusPart::kTraining), std::vector<std::string>{"the whole corpus"});
  EXPECT_EQ(Part(*split, CorpusPart::kValidation), std::vector<std::string>{"the other text"});
}

TEST_F(SplitTextTest, Evaluation_IsAllValidation) {
  const Result<SplitText> split = SplitText::OpenForEvaluation(Options({files_.Write("a.txt", "all of it")}));
  ASSERT_TRUE(split.ok());
  EXPECT_TRUE(Part(*split, CorpusPart::kTraining).empty());
  EXPECT_EQ(Part(*split, CorpusPart::kValidation), std::vector<std::string>{"all of it"});
}

TEST_F(SplitTextTest, Hash_TellsContentAndSplit_NotNames) {
  const std::string text = SampleText(1000, 1);
  const std::string a = files_.Write("a.txt", text), b = files_.Write("b.txt", text);
  const auto hash = [](const Result<SplitText>& split) { return split->statistics().hash.Hex(); };
  const std::string expected = hash(SplitText::Open(Options({a})));
  EXPECT_EQ(hash(SplitText::Open(Options({b}))), expected);
  EXPECT_NE(hash(SplitText::OpenForEvaluation(Options({a}))), expected);
  EXPECT_NE(hash(SplitText::Open(Options({a, b}))), expected);
  TextOptions separate = Options({a});
  separate.validation_paths = {b};
  EXPECT_NE(hash(SplitText::Open(separate)), expected);
  files_.Write("a.txt", text + "!");
  EXPECT_NE(hash(SplitText::Open(Options({a}))), expected);
}

TEST_F(SplitTextTest, TextThatChangesMeanwhile_IsAnError) {
  const std::string path = files_.Write("a.txt", SampleText(1000, 1));
  const Result<SplitText> split = SplitText::Open(Options({path}));
  ASSERT_TRUE(split.ok());
  files_.Write("a.txt", SampleText(1000, 2));
  ExpectError(split->Read(CorpusPart::kTraining, [](const TextBlock&) { return Status(); }), Code::kBadInput,
              {"a.txt", "changed while it was read"});
}

TEST_F(SplitTextTest, StrangeBytes_AreNoted) {
  const Result<SplitText> split =
      SplitText::Open(Options({files_.Write("a.txt", std::string(9000, 'x') + "\xFF\xFE" + std::string(1, '\0'))}));
  ASSERT_TRUE(split.ok());
  ASSERT_EQ(split->notes().size(), 2u);
  EXPECT_NE(split->notes()[0].find("2 bytes"), std::string::npos) << split->notes()[0];
  EXPECT_NE(split->notes()[1].find("1 byte of "), std::string::npos) << split->notes()[1];
}

TEST_F(SplitTextTest, StrangeBytes_AreBlamedOnTheirFiles_Once) {
  const std::string a = files_.Write("a.txt", "plain"), b = files_.Write("b.txt", "caf\xE9"),
                    c = files_.Write("c.txt", "\xE4\xF6");
  const Result<SplitText> split = SplitText::Open(Options({a, b, c}));
  ASSERT_TRUE(split.ok());
  ASSERT_EQ(split->notes().size(), 1u);
  EXPECT_EQ(split->notes()[0], "2 bytes of " + c + " and 1 byte of " + b +
                                   " are not valid UTF-8; they are kept as they are (if the text is "
                                   "Latin-1, `iconv -f WINDOWS-1252 -t UTF-8` converts it)");
}

TEST_F(SplitTextTest, SameTextTwice_IsTold) {
  const std::string a = files_.Write("a.txt", "the same text"), b = files_.Write("b.txt", "the same text");
  const Result<SplitText> copies = SplitText::Open(Options({a, b}));
  ASSERT_TRUE(copies.ok());
  EXPECT_EQ(copies->statistics().documents, 2u) << "copies count";
  ASSERT_EQ(copies->notes().size(), 1u);
  EXPECT_NE(copies->notes()[0].find("b.txt as in"), std::string::npos) << copies->notes()[0];
  for (const std::string& validation : {a, b}) {
    TextOptions options = Options({a});
    options.validation_paths = {validation};
    const Result<SplitText> split = SplitText::Open(options);
    ASSERT_TRUE(split.ok());
    ASSERT_EQ(split->notes().size(), 1u);
    EXPECT_NE(split->notes()[0].find(validation + " stands in the text to train on"), std::string::npos)
        << split->notes()[0];
  }
}

TEST_F(SplitTextTest, FilesWithoutText_AreToldAsEmpty_AndChangeNothing) {
  const std::string text = files_.Write("d/a.txt", "a text that stays as it is");
  const Result<SplitText> alone = SplitText::Open(Options({text}));
  files_.Write("d/b.html", "<html><body><img src='x.png'></body></html>");
  files_.Write("d/c.jsonl", "\n\n{\"text\": \"\"}\n");
  files_.Write("d/d.txt", "");
  const std::string named = files_.Write("e.html", "<p></p>");
  for (const std::vector<std::string>& paths : {std::vector{files_ / "d"}, {text, named}, {files_ / "d", named}}) {
    const Result<SplitText> split = SplitText::Open(Options(paths));
    ASSERT_TRUE(alone.ok() && split.ok()) << split.status().message();
    EXPECT_EQ(split->statistics(), alone->statistics());
    ASSERT_EQ(split->notes().size(), 1u);
    EXPECT_NE(split->notes()[0].find("1 file read, 26 bytes"), std::string::npos) << split->notes()[0];
    EXPECT_NE(split->notes()[0].find(" empty file"), std::string::npos) << split->notes()[0];
  }
}

TEST_F(SplitTextTest, NoTextAtAll_IsAnError) {
  ExpectError(SplitText::Open(Options({files_.Write("a.jsonl", "{\"text\": \"\"}\n\n")})).status(), Code::kBadInput,
              {"a.jsonl", "holds no text"});
  TextOptions options = Options({files_.Write("a.txt", "---")});
  options.corpus.separator = "-";
  ExpectError(SplitText::Open(options).status(), Code::kBadInput, {"a.txt", "holds no text"});
}

TEST_F(SplitTextTest, ErrorsOfValidationText_AreReturned) {
  TextOptions options = Options({files_.Write("a.txt", "text")});
  options.validation_paths = {files_ / "none.txt"};
  ExpectError(SplitText::Open(options).status(), Code::kBadInput, {"none.txt"});
}

TEST_F(SplitTextTest, UnwritableCache_UsesATemporaryDirectoryWithANote) {
  TextOptions options = Options({files_.Write("a.txt", "some text")});
  for (const std::string& unwritable :
       {files_.Write("file", "x") + "/below", std::string("/proc/none"), std::string()}) {
    options.cache_directory = unwritable;
    std::string in_use;
    {
      const Result<SplitText> split = SplitText::Open(options);
      ASSERT_TRUE(split.ok()) << split.status().message();
      in_use = split->cache_directory();
      EXPECT_TRUE(std::filesystem::is_directory(in_use));
      ASSERT_EQ(split->notes().size(), 1u);
      EXPECT_NE(split->notes()[0].find(unwritable), std::string::npos) << split->notes()[0];
      EXPECT_NE(split->notes()[0].find("CLLM_CACHE"), std::string::npos);
    }
    EXPECT_FALSE(std::filesystem::exists(in_use)) << "it vanishes";
  }
}

TEST(DefaultCacheDirectory, FollowsTheEnvironment) {
  setenv("HOME", "/home/x", 1);
  unsetenv("XDG_CACHE_HOME");
  unsetenv("CLLM_CACHE");
  EXPECT_EQ(DefaultCacheDirectory(), "/home/x/.cache/cllm");
  setenv("XDG_CACHE_HOME", "/caches/", 1);
  EXPECT_EQ(DefaultCacheDirectory(), "/caches/cllm");
  setenv("CLLM_CACHE", "/own", 1);
  EXPECT_EQ(DefaultCacheDirectory(), "/own");
  setenv("CLLM_CACHE", "", 1);
  setenv("XDG_CACHE_HOME", "", 1);
  unsetenv("HOME");
  EXPECT_EQ(DefaultCacheDirectory(), "");
}

}  // namespace
}  // namespace cllm
