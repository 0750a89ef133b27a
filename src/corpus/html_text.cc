#include "corpus/html_text.h"

#include <fmt/core.h>
#include <libxml/HTMLparser.h>
#include <libxml/encoding.h>
#include <libxml/parserInternals.h>

#include <algorithm>
#include <array>
#include <memory>

#include "corpus/utf8_counter.h"

namespace cllm {
namespace {

constexpr size_t kDeclarationBytes = 4096;  // in which a page declares its encoding

template <size_t N>
bool Among(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool IsUnread(std::string_view name) {
  constexpr std::array<std::string_view, 14> kNames = {"head",   "script", "style",  "noscript", "template",
                                                       "svg",    "iframe", "object", "select",   "audio",
                                                       "video",  "canvas", "map",    "rp"};
  return Among(kNames, name);
}

// Newlines around an element: 2 for paragraphs, 1 for lines, 0 for what stands within a line.
size_t NewlinesAround(std::string_view name) {
  constexpr std::array<std::string_view, 26> kParagraphs = {
      "p",     "h1",     "h2",  "h3",    "h4",   "h5",       "h6",      "blockquote", "pre",
      "ul",    "ol",     "dl",  "table", "hr",   "section",  "article", "header",     "footer",
      "nav",   "aside",  "main", "figure", "form", "fieldset", "address", "details"};
  constexpr std::array<std::string_view, 12> kLines = {
      "div", "li", "dt", "dd", "tr", "br", "caption", "figcaption", "summary", "option", "center", "legend"};
  return Among(kParagraphs, name) ? 2 : Among(kLines, name) ? 1 : 0;
}

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

// Puts the text of a page together.
class PageText {
 public:
  void Break(size_t newlines) { newlines_ = std::max(newlines_, newlines); }
  void Blank() { blank_ = true; }
  void Words(std::string_view text) {
    for (const char c : text) {
      if (IsSpace(c)) {
        blank_ = true;
      } else {
        Flush();
        text_ += c;
      }
    }
  }
  void Preformatted(std::string_view text) {
    if (text.empty()) return;
    blank_ = false;
    Flush();
    text_ += text;
  }
  std::string Take() {
    while (!text_.empty() && IsSpace(text_.back())) text_.pop_back();
    if (!text_.empty()) text_ += '\n';
    return std::move(text_);
  }

 private:
  // What stands between this character and the one before.
  void Flush() {
    if (!text_.empty() && newlines_ != 0) {
      text_.append(newlines_, '\n');
    } else if (!text_.empty() && blank_ && !IsSpace(text_.back())) {
      text_ += ' ';
    }
    newlines_ = 0;
    blank_ = false;
  }

  std::string text_;
  size_t newlines_ = 0;
  bool blank_ = false;
};

// What libxml2 tells of a page. It calls from C: nothing here throws but for want of memory.
class PageReader {
 public:
  static void Start(void* self, const xmlChar* name, const xmlChar**) {
    static_cast<PageReader*>(self)->Start(reinterpret_cast<const char*>(name));
  }
  static void End(void* self, const xmlChar* name) {
    static_cast<PageReader*>(self)->End(reinterpret_cast<const char*>(name));
  }
  static void Characters(void* self, const xmlChar* text, int bytes) {
    static_cast<PageReader*>(self)->Characters({reinterpret_cast<const char*>(text), static_cast<size_t>(bytes)});
  }

  void set_parser(htmlParserCtxt* parser) { parser_ = parser; }
  bool too_deep() const { return too_deep_; }
  std::string Take() { return text_.Take(); }

 private:
  void Start(std::string_view name) {
    if (++depth_ > kMaxPageDepth) {
      too_deep_ = true;
      return xmlStopParser(parser_);
    }
    unread_ += IsUnread(name);
    preformatted_ += name == "pre";
    if (unread_ == 0) text_.Break(NewlinesAround(name));
  }
  void End(std::string_view name) {
    --depth_;
    if (unread_ == 0) text_.Break(NewlinesAround(name));
    if (name == "td" || name == "th") text_.Blank();
    if (unread_ != 0) unread_ -= IsUnread(name);
    if (preformatted_ != 0) preformatted_ -= name == "pre";
  }
  void Characters(std::string_view text) {
    if (unread_ != 0) return;
    preformatted_ != 0 ? text_.Preformatted(text) : text_.Words(text);
  }

  htmlParserCtxt* parser_ = nullptr;
  PageText text_;
  size_t depth_ = 0, unread_ = 0, preformatted_ = 0;
  bool too_deep_ = false;
};

// The encoding to read a page in, or nullptr for the one that it declares.
const char* EncodingOf(std::string_view html) {
  Utf8Counter counter;
  counter.Add(html);
  counter.EndDocument();
  if (counter.invalid_bytes() == 0) return "UTF-8";
  std::string start(html.substr(0, kDeclarationBytes));
  std::transform(start.begin(), start.end(), start.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c | 32 : c; });
  return start.find("charset") != start.npos ? nullptr : "WINDOWS-1252";
}

struct FreeParser {
  void operator()(htmlParserCtxt* parser) const { htmlFreeParserCtxt(parser); }
};

}  // namespace

Result<std::string> HtmlText(std::string_view html) {
  if (html.empty()) return std::string();
  if (html.size() > kMaxPageBytes) {
    return BadInput(fmt::format("has more than {} MiB; expected a smaller page", kMaxPageBytes >> 20));
  }
  PageReader reader;
  const std::unique_ptr<htmlParserCtxt, FreeParser> parser(
      htmlCreateMemoryParserCtxt(html.data(), static_cast<int>(html.size())));
  if (parser == nullptr) return NoResources("no memory to read a page");
  const char* const encoding = EncodingOf(html);
  htmlCtxtUseOptions(parser.get(), HTML_PARSE_NONET | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                                       (encoding != nullptr ? HTML_PARSE_IGNORE_ENC : 0));
  if (encoding != nullptr) xmlSwitchToEncoding(parser.get(), xmlFindCharEncodingHandler(encoding));
  htmlSAXHandler handler{};
  handler.startElement = PageReader::Start;
  handler.endElement = PageReader::End;
  handler.characters = handler.ignorableWhitespace = handler.cdataBlock = PageReader::Characters;
  *parser->sax = handler;
  parser->userData = &reader;
  reader.set_parser(parser.get());
  htmlParseDocument(parser.get());
  if (!reader.too_deep()) return reader.Take();
  return BadInput(fmt::format("nests elements deeper than {}; expected a page that people read", kMaxPageDepth));
}

}  // namespace cllm
