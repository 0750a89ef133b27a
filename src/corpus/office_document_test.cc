#include "corpus/office_document.h"

#include <gtest/gtest.h>

namespace cllm {
namespace {

TEST(OfficeDocument, Advice_IsACommandThatCanBePasted) {
  EXPECT_EQ(ConversionAdvice("d/x.docx", "PK\x03\x04..."),
            "is a Word document; convert it first: `pandoc -t plain --wrap=none d/x.docx -o d/x.txt`");
  EXPECT_EQ(ConversionAdvice("a b.PDF", "%PDF-1.7"),
            "is a PDF document; convert it first: `pdftotext 'a b.PDF' 'a b.txt'`");
  EXPECT_NE(ConversionAdvice("x.odt", "PK\x03\x04").find("pandoc"), std::string::npos);
  EXPECT_NE(ConversionAdvice("x.rtf", "{\\rtf1").find("soffice"), std::string::npos);
  EXPECT_NE(ConversionAdvice("x.doc", "\xD0\xCF\x11\xE0\xA1").find("soffice"), std::string::npos);
  EXPECT_NE(ConversionAdvice("x", std::string(60, 'x') + "BOOKMOBI  ").find("ebook-convert"), std::string::npos);
}

// A zip file's first entry without content, as far as it matters here.
std::string Zip(const std::string& name, const std::string& more) {
  return "PK\x03\x04" + std::string(26, 'x') + name + more;
}

TEST(OfficeDocument, ContentDecides_WhateverTheName) {
  const std::string docx = Zip("[Content_Types].xml", "....word/document.xml");
  const std::string odt = Zip("mimetype", "application/vnd.oasis.opendocument.text");
  EXPECT_EQ(ConversionAdvice("d/x", docx),
            "is a Word document; convert it first: `pandoc -f docx -t plain --wrap=none d/x -o d/x.txt`");
  EXPECT_EQ(ConversionAdvice("x.txt", odt),
            "is an OpenDocument text; convert it first: `pandoc -f odt -t plain --wrap=none x.txt -o x.txt.txt`")
      << "never onto itself";
  EXPECT_EQ(ConversionAdvice("x.txt", "%PDF-1.4"), "is a PDF document; convert it first: `pdftotext x.txt x.txt.txt`");
  EXPECT_NE(ConversionAdvice("x.docx", odt).find("pandoc -f odt"), std::string::npos);
  EXPECT_NE(ConversionAdvice("x", Zip("_rels/.rels", "...xl/workbook.xml")).find("a table"), std::string::npos);
  EXPECT_NE(ConversionAdvice("x", Zip("docProps/app.xml", "..ppt/x.xml")).find("a presentation"), std::string::npos);
  EXPECT_EQ(ConversionAdvice("x.jar", Zip("META-INF/x", "word/")), "") << "a folder of that name alone is no document";
}

TEST(OfficeDocument, Relatives_AreKnownByTheirNames) {
  for (const std::string name : {"a.docm", "a.dotx", "a.DOTM"}) {
    EXPECT_NE(ConversionAdvice(name, "PK\x03\x04").find("pandoc -f docx"), std::string::npos) << name;
  }
  EXPECT_NE(ConversionAdvice("a.ott", "PK\x03\x04").find("pandoc -f odt"), std::string::npos);
  EXPECT_NE(ConversionAdvice("a.xlsm", "PK\x03\x04").find("a table"), std::string::npos);
  EXPECT_NE(ConversionAdvice("a.dot", "\xD0\xCF\x11\xE0").find("a Word document"), std::string::npos);
  EXPECT_EQ(
      ConversionAdvice("d/a.rtf", "{\\rtf1"),
      "is a rich text document; convert it first: `soffice --headless --convert-to txt:Text --outdir d/ d/a.rtf`");
}

TEST(OfficeDocument, Archives_AreUnpackedByTheirCommand) {
  const std::string nul(1, '\0'), tar = std::string(256, 'x') + nul + "ustar";
  EXPECT_EQ(ConversionAdvice("d/a b.zip", "PK\x03\x04"),
            "is an archive; unpack it first: `unzip 'd/a b.zip' -d 'd/a b'`");
  EXPECT_EQ(ConversionAdvice("a.tar", tar), "is an archive; unpack it first: `mkdir a && tar -xf a.tar -C a`");
  EXPECT_EQ(ConversionAdvice("a.tar.gz", tar), "is an archive; unpack it first: `mkdir a && tar -xf a.tar.gz -C a`");
  EXPECT_EQ(ConversionAdvice("a", tar), "is an archive; unpack it first: `mkdir a.d && tar -xf a -C a.d`");
  EXPECT_EQ(ConversionAdvice("a.txt.bz2", "BZh9" + nul),
            "is compressed with bzip2; unpack it first: `bunzip2 -k a.txt.bz2`");
  EXPECT_NE(ConversionAdvice("a", "\x1F\x8B" + nul).find("`gunzip -c < a > a.txt`"), std::string::npos);
  EXPECT_NE(ConversionAdvice("a.txt", "\x28\xB5\x2F\xFD" + nul).find("`zstd -dc < a.txt > a.txt.txt`"),
            std::string::npos);
  EXPECT_EQ(ConversionAdvice("a", "BZh is how this text begins"), "");
  EXPECT_EQ(ConversionAdvice("a", std::string(257, 'x') + "ustar is a word"), "");
}

TEST(OfficeDocument, WhatIsNoDocument_HasNoAdvice) {
  EXPECT_EQ(ConversionAdvice("x.docx", "plain text with a strange name"), "");
  EXPECT_EQ(ConversionAdvice("x.jar", "PK\x03\x04"), "");
  EXPECT_EQ(ConversionAdvice("x", ""), "");
  EXPECT_EQ(ConversionAdvice("x.txt", ""), "");
}

}  // namespace
}  // namespace cllm
