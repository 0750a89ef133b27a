#include "corpus/source_file.h"

#include <gtest/gtest.h>

#include <string>

#include "corpus/testing/text_fixture.h"

namespace cllm {
namespace {

TEST(SourceFile, Name_SaysCompressionAndLayout_WhateverTheCase) {
  struct Case {
    std::string path;
    Compression compression;
    TextLayout layout;
  };
  for (const auto& [path, compression, layout] :
       {Case{"a.txt", Compression::kNone, TextLayout::kText}, Case{"a", Compression::kNone, TextLayout::kText},
        Case{"a.JSONL.GZ", Compression::kGzip, TextLayout::kJsonLines},
        Case{"a.ndjson", Compression::kNone, TextLayout::kJsonLines},
        Case{"a.NDJSON.xz", Compression::kXz, TextLayout::kJsonLines},
        Case{"a.json", Compression::kNone, TextLayout::kText}, Case{"a.xht", Compression::kNone, TextLayout::kHtml},
        Case{"d.gz/a.Html", Compression::kNone, TextLayout::kHtml},
        Case{"a.htm.xz", Compression::kXz, TextLayout::kHtml},
        Case{"a.xhtml.zst", Compression::kZstd, TextLayout::kHtml},
        Case{"a.EPUB", Compression::kNone, TextLayout::kEpub}, Case{"a.epub.gz", Compression::kGzip, TextLayout::kText},
        Case{"a.gz.txt", Compression::kNone, TextLayout::kText}}) {
    const SourceFile file = DescribeFile(path);
    EXPECT_EQ(file.compression, compression) << path;
    EXPECT_EQ(file.layout, layout) << path;
    EXPECT_EQ(file.Name(), path);
  }
  EXPECT_EQ(DescribeFile("-").Name(), "standard input");
}

TEST(SourceFile, OpenedTwice_StartsAtTheBeginning) {
  const TemporaryDirectory files;
  const SourceFile file = DescribeFile(files.Write("a.txt", "\xEF\xBB\xBFsome text"));
  for (int pass = 0; pass < 2; ++pass) {
    Decoding decoding;
    const auto source = OpenSourceFile(file, decoding);
    ASSERT_TRUE(source.ok());
    std::string text(100, '\0');
    EXPECT_EQ(text.substr(0, *(*source)->Read(text)), "s") << "what stood behind the mark comes first";
  }
}

TEST(SourceFile, Missing_IsAnErrorWithItsName) {
  Decoding decoding;
  ExpectError(OpenSourceFile(DescribeFile("/no/such.txt"), decoding).status(), Code::kBadInput, {"/no/such.txt"});
}

}  // namespace
}  // namespace cllm
