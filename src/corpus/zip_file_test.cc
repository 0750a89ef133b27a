#include "corpus/zip_file.h"

#include <gtest/gtest.h>

#include "corpus/testing/text_fixture.h"
#include "corpus/testing/zip_archive.h"

namespace cllm {
namespace {

using Contents = std::map<std::string, std::string>;

class ZipFileTest : public testing::Test {
 protected:
  std::string Zip(const ZipEntries& entries) { return WriteZip(files_ / "a.zip", entries); }
  void ExpectBad(const ZipEntries& entries, const std::string& part) {
    ExpectError(ReadZipEntries(Zip(entries), {"a"}).status(), Code::kBadInput, {part});
  }
  TemporaryDirectory files_;
};

TEST_F(ZipFileTest, EntriesThatAreNamed_AreRead_StoredOrDeflated) {
  const std::string long_text = SampleText(300'000, 1);
  const std::string path = Zip({{"mimetype", "stored"}, {"b/c", long_text}, {"empty", ""}, {"other", "x"}});
  const auto entries = ReadZipEntries(path, {"mimetype", "b/c", "empty", "missing"});
  ASSERT_TRUE(entries.ok()) << entries.status().message();
  EXPECT_EQ(*entries, (Contents{{"mimetype", "stored"}, {"b/c", long_text}, {"empty", ""}}));
  EXPECT_EQ(*ReadZipEntries(path, {}), Contents{});
}

TEST_F(ZipFileTest, NameThatIsThereTwice_IsTheFirst) {
  EXPECT_EQ(*ReadZipEntries(Zip({{"a", "1"}, {"a", "2"}, {"b", "3"}}), {"a", "b"}), (Contents{{"a", "1"}, {"b", "3"}}));
}

// Never other bytes than those that were written.
TEST_F(ZipFileTest, CutAnywhere_IsRefused_OrLacksWhatIsCut) {
  const std::string text = SampleText(2000, 2);
  const std::string whole = ReadText(Zip({{"a", text}, {"mimetype", text}}));
  size_t refused = 0;
  for (size_t size = 0; size < whole.size(); size += 7) {
    const auto entries = ReadZipEntries(files_.Write("cut.zip", whole.substr(0, size)), {"a", "mimetype"});
    if (!entries.ok()) {
      EXPECT_EQ(entries.status().code(), Code::kBadInput);
      ++refused;
      continue;
    }
    for (const auto& [name, content] : *entries) EXPECT_EQ(content, text) << name << " of " << size << " bytes";
  }
  EXPECT_GT(refused, 10u);
}

TEST_F(ZipFileTest, OtherFiles_AreRefused) {
  ExpectError(ReadZipEntries(files_.Write("x", "no archive at all"), {"a"}).status(), Code::kBadInput, {"is damaged"});
  ExpectError(ReadZipEntries(files_ / "none", {"a"}).status(), Code::kBadInput, {"is damaged"});
}

TEST_F(ZipFileTest, Bombs_AreRefused) {
  ExpectBad({{"a", std::string(4 << 20, 'x')}}, "more than 1 MiB");
  ExpectBad({{"mimetype", SampleText(200'000, 3)}, {"a", std::string(kMaxEntryBytes + 1, 'x')}}, "expands a to more");
  ZipEntries many(kMaxZipEntries + 1, {"x", ""});
  for (size_t i = 0; i < many.size(); ++i) many[i].first = std::to_string(i);
  ExpectBad(many, "more than 20000 files");
}

}  // namespace
}  // namespace cllm
