#include "corpus/epub.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "corpus/corpus.h"
#include "corpus/testing/text_fixture.h"
#include "corpus/testing/zip_archive.h"
#include "corpus/zip_file.h"

namespace cllm {
namespace {

using Entries = ZipEntries;

constexpr const char* kContainer =
    "<?xml version=\"1.0\"?><container xmlns=\"urn:oasis:names:tc:opendocument:xmlns:container\"><rootfiles><rootfile "
    "full-path=\"OEBPS/book.opf\" media-type=\"application/oebps-package+xml\"/></rootfiles></container>";

std::string Package(const std::string& spine) {
  return "<?xml version=\"1.0\"?><package xmlns=\"http://www.idpf.org/2007/opf\"><manifest>"
         "<item id=\"nav\" href=\"nav.xhtml\" media-type=\"application/xhtml+xml\" properties=\"nav scripted\"/>"
         "<item id=\"one\" href=\"Text/chapter%201.xhtml\" media-type=\"application/xhtml+xml\"/>"
         "<item id=\"two\" href=\"../two.xml#top\" media-type=\"application/xhtml+xml\"/>"
         "<item id=\"cover\" href=\"cover.jpg\" media-type=\"image/jpeg\"/></manifest><spine>" +
         spine + "</spine></package>";
}
Entries Book(const std::string& spine = "<itemref idref=\"nav\"/><itemref idref=\"two\"/><itemref idref=\"one\"/>") {
  return {{"mimetype", "application/epub+zip"},
          {"OEBPS/Text/chapter 1.xhtml", "<html><head><title>x</title></head><body><p>First.</p></body></html>"},
          {"OEBPS/nav.xhtml", "<html><body>contents</body></html>"},
          {"OEBPS/cover.jpg", std::string(100'000, '\0')},
          {"two.xml", "\xEF\xBB\xBF<?xml version=\"1.0\"?><html><body><h1>Zwei</h1><p>Se\xC3\xB1or</p></body></html>"},
          {"OEBPS/book.opf", Package(spine)},
          {"META-INF/container.xml", kContainer}};
}

class EpubTest : public testing::Test {
 protected:
  std::string Write(const std::string& name, const Entries& entries) {
    return WriteZip(files_ / name, entries);
  }
  void ExpectBad(const Entries& entries, const std::vector<std::string>& parts) {
    std::vector<std::string> expected = parts;
    expected.push_back("bad.epub ");
    ExpectError(EpubText(Write("bad.epub", entries)).status(), Code::kBadInput, expected);
  }

  TemporaryDirectory files_;
};

TEST_F(EpubTest, Pages_StandInReadingOrder) {
  const Result<std::string> text = EpubText(Write("a.epub", Book()));
  ASSERT_TRUE(text.ok()) << text.status().message();
  EXPECT_EQ(*text, "Zwei\n\nSeñor\n\nFirst.\n");
}

TEST_F(EpubTest, Corpus_ReadsABookAsADocument_WhateverItsName) {
  for (const char* name : {"a.epub", "b.zip", "c"}) {
    const Result<Corpus> corpus = Corpus::Open({.paths = {Write(name, Book())}}, "");
    ASSERT_TRUE(corpus.ok()) << name << ": " << corpus.status().message();
    DocumentCollector collector;
    ASSERT_TRUE(corpus->Read(collector.Visitor()).ok());
    EXPECT_EQ(collector.documents(), std::vector<std::string>{"Zwei\n\nSeñor\n\nFirst.\n"}) << name;
  }
  ExpectError(Corpus::Open({.paths = {files_.Write("d.epub", "no zip")}}, "").status(), Code::kBadInput,
              {"d.epub", "no zip archive"});
}

TEST_F(EpubTest, BooksThatAreNone_AreRefusedByName) {
  ExpectBad({{"a.txt", "x"}}, {"META-INF/container.xml is missing"});
  ExpectBad({{"META-INF/container.xml", "<container"}}, {"no XML"});
  ExpectBad({{"META-INF/container.xml", kContainer}}, {"OEBPS/book.opf is missing"});
  ExpectBad({{"META-INF/container.xml", kContainer}, {"OEBPS/book.opf", "<package"}}, {"no XML"});
  ExpectBad(Book("<itemref idref=\"none\"/>"), {"no pages"});
  Entries without = Book();
  std::erase_if(without, [](const auto& entry) { return entry.first == "two.xml"; });
  ExpectBad(without, {"two.xml is missing"});
  Entries locked = Book();
  locked.push_back({"META-INF/encryption.xml",
                    "<encryption><EncryptedData><CipherData><CipherReference URI=\"two.xml\"/></CipherData>"
                    "</EncryptedData></encryption>"});
  ExpectBad(locked, {"protected"});
}

TEST_F(EpubTest, Bombs_AreRefusedWithTheLimit) {
  Entries large = Book();
  large.push_back({"two.xml", ""});
  large[4].second = std::string(kMaxEntryBytes + 1, 'x') + std::string(300'000, ' ');
  // Noise that does not compress keeps the ratio out of it.
  std::string noise;
  for (uint64_t i = 0, state = 1; i < 400'000; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    noise += static_cast<char>(state >> 56);
  }
  large[3].second = noise;
  ExpectBad(large, {"two.xml", "16 MiB"});
  Entries ratio = Book();
  ratio[4].second = "<p>" + std::string(5u << 20, 'x');
  ExpectBad(ratio, {"100 times its size"});
  Entries many;
  for (size_t i = 0; i <= kMaxZipEntries; ++i) many.push_back({std::to_string(i), ""});
  ExpectBad(many, {"more than 20000 files"});
}

TEST_F(EpubTest, XmlBomb_ExpandsToNothing) {
  Entries book = Book();
  std::string laughs = "<!DOCTYPE package [<!ENTITY a \"aaaaaaaaaa\">";
  for (char c = 'b'; c <= 'p'; ++c) {
    laughs += std::string("<!ENTITY ") + c + " \"";
    for (int i = 0; i < 10; ++i) laughs += std::string("&") + static_cast<char>(c - 1) + ";";
    laughs += "\">";
  }
  book[5].second = laughs + "<!ENTITY f SYSTEM \"file:///etc/passwd\">]>" + Package("<itemref idref=\"one\"/>&p;&f;");
  const Result<std::string> text = EpubText(Write("laughs.epub", book));
  EXPECT_TRUE(!text.ok() || *text == "First.\n") << *text;
}

TEST_F(EpubTest, CutAnywhere_IsRefusedOrRead) {
  const std::string whole = ReadText(Write("a.epub", Book()));
  for (size_t size = 0; size < whole.size(); size += 7) {
    const std::string path = files_.Write("cut.epub", whole.substr(0, size));
    const Result<std::string> text = EpubText(path);
    if (!text.ok()) ExpectError(text.status(), Code::kBadInput, {"cut.epub"});
  }
}

}  // namespace
}  // namespace cllm
