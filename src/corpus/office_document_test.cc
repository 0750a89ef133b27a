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

TEST(OfficeDocument, WhatIsNoDocument_HasNoAdvice) {
  EXPECT_EQ(ConversionAdvice("x.docx", "plain text with a strange name"), "");
  EXPECT_EQ(ConversionAdvice("x.zip", "PK\x03\x04"), "");
  EXPECT_EQ(ConversionAdvice("x.txt", ""), "");
}

}  // namespace
}  // namespace cllm
