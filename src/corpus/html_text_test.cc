#include "corpus/html_text.h"

#include <gtest/gtest.h>

#include <string>

#include "corpus/testing/text_fixture.h"

namespace cllm {
namespace {

void ExpectText(const std::string& html, const std::string& expected) {
  const Result<std::string> text = HtmlText(html);
  ASSERT_TRUE(text.ok()) << text.status().message();
  EXPECT_EQ(*text, expected) << html;
}

TEST(HtmlText, IsWhatAPersonReads) {
  ExpectText("<!DOCTYPE html><html><head><title>No</title><style>p {}</style></head><body><h1>One</h1>\n<p>Two  and\n "
             "<b>thr</b>ee</p><script>no()</script><ul><li>a</li><li>b</li></ul>end</body></html>",
             "One\n\nTwo and three\n\na\nb\n\nend\n");
  ExpectText("<p>a<br/>b<br>c</p><pre>x\n  y</pre><table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>",
             "a\nb\nc\n\nx\n  y\n\n1 2\n3\n");
  ExpectText("<p>&lt;&amp;&eacute;&#8364;&#x1F600;&nbsp;x &unknown; AT&T", "<&é€😀\u00A0x &unknown; AT&T\n");
  ExpectText("no markup at all", "no markup at all\n");
  ExpectText("", "");
  ExpectText("<html><head><script>only</script></head></html>", "");
}

TEST(HtmlText, Encodings_AreKnownOrDeclared) {
  ExpectText("<p>Stra\xC3\x9F" "e \xE2\x82\xAC", "Straße €\n");
  ExpectText("<meta charset=\"iso-8859-1\"><p>Stra\xC3\x9F" "e", "Straße\n");
  ExpectText("<head><meta charset=\"iso-8859-15\"></head><p>\xA4 Stra\xDF" "e", "€ Straße\n");
  ExpectText("<p>Stra\xDF" "e \x80", "Straße €\n");
  ExpectText(
      "<?xml version=\"1.0\" encoding=\"utf-8\"?><html xmlns=\"http://www.w3.org/1999/xhtml\"><head><title/></head>"
      "<body><p>x</p><script src=\"x\"/><p>\xC3\xA9</p></body></html>",
      "x\n\né\n");
}

TEST(HtmlText, BadMarkup_IsReadAsFarAsItGoes) {
  ExpectText("<p>a<p>b</div></p></p><b><i>c</b></i>", "a\n\nb\n\nc\n");
  ExpectText("<p>a <!-- b", "a\n");
  for (const std::string bad : {"<", "<<<>>>", "<a href='", "&", "&#", "&#99999999999;", "<script>", "<![CDATA[x", "<?",
                                "<!DOCTYPE"}) {
    EXPECT_TRUE(HtmlText(bad).ok()) << bad;
  }
}

TEST(HtmlText, Bombs_AreRefusedWithTheLimit) {
  std::string deep;
  for (size_t i = 0; i < 300'000; ++i) deep += "<div>";
  ExpectError(HtmlText(deep).status(), Code::kBadInput, {"deeper than 2048"});
  ExpectError(HtmlText(std::string(kMaxPageBytes + 1, 'x')).status(), Code::kBadInput, {"16 MiB"});
  // Entities of its own, each ten of the one before, expand to nothing.
  std::string laughs = "<!DOCTYPE html [<!ENTITY a \"aaaaaaaaaa\">";
  for (char c = 'b'; c <= 'z'; ++c) {
    laughs += std::string("<!ENTITY ") + c + " \"";
    for (int i = 0; i < 10; ++i) laughs += std::string("&") + static_cast<char>(c - 1) + ";";
    laughs += "\">";
  }
  const Result<std::string> text = HtmlText(laughs + "]><p>&z;</p>");
  ASSERT_TRUE(text.ok());
  EXPECT_LT(text->size(), 10'000u);
}

}  // namespace
}  // namespace cllm
