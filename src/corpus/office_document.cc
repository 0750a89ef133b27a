#include "corpus/office_document.h"

#include <fmt/core.h>

#include <array>

#include "base/shell_word.h"
#include "corpus/left_out.h"

namespace cllm {
namespace {

constexpr std::string_view kPandoc = "pandoc -t plain --wrap=none {} -o {}";
constexpr std::string_view kOffice = "soffice --headless --convert-to txt:Text {}";
constexpr std::string_view kZip = "PK\x03\x04", kCompound = "\xD0\xCF\x11\xE0", kRtf = "{\\rtf";

struct Format {
  std::string_view start;      // of the content
  std::string_view extension;  // of the name; "": any
  std::string_view name;
  std::string_view command;  // {}: the document, then the text
};
constexpr std::array<Format, 14> kFormats = {{
    {"%PDF-", "", "a PDF document", "pdftotext {} {}"},
    {kZip, ".docx", "a Word document", kPandoc},
    {kZip, ".odt", "an OpenDocument text", kPandoc},
    {"<?xml", ".fodt", "an OpenDocument text", kOffice},
    {kZip, ".pptx", "a presentation", kOffice},
    {kZip, ".odp", "a presentation", kOffice},
    {kZip, ".xlsx", "a table of numbers", "soffice --headless --convert-to csv {}"},
    {kZip, ".ods", "a table of numbers", "soffice --headless --convert-to csv {}"},
    {kZip, ".pages", "a Pages document", kOffice},
    {kCompound, ".doc", "a Word document", kOffice},
    {kCompound, ".ppt", "a presentation", kOffice},
    {kCompound, ".xls", "a table of numbers", "soffice --headless --convert-to csv {}"},
    {kRtf, "", "a rich text document", kOffice},
    {"%!PS", "", "a PostScript document", "ps2ascii {} {}"},
}};
// Electronic books of other kinds, known by what stands at byte 60.
constexpr std::string_view kMobi = "BOOKMOBI";

}  // namespace

std::string ConversionAdvice(const std::string& path, std::string_view start) {
  const std::string kind = KindOfName(path);
  const std::string text = path.substr(0, path.size() - (kind.starts_with('.') ? kind.size() : 0)) + ".txt";
  const auto advice = [&](std::string_view name, std::string_view command) {
    return fmt::format("is {}; convert it first: `{}`", name,
                       fmt::format(fmt::runtime(command), QuotedForShell(path), QuotedForShell(text)));
  };
  for (const Format& format : kFormats) {
    if (!start.starts_with(format.start) || (!format.extension.empty() && format.extension != kind)) continue;
    return advice(format.name, format.command);
  }
  if (start.size() > 68 && start.substr(60, kMobi.size()) == kMobi) {
    return advice("a Kindle book", "ebook-convert {} {}");
  }
  return "";
}

}  // namespace cllm
