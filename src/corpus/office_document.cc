#include "corpus/office_document.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/shell_word.h"
#include "corpus/binary_check.h"
#include "corpus/left_out.h"

namespace cllm {
namespace {

using std::string_view;

constexpr string_view kOffice = "soffice --headless --convert-to txt:Text --outdir {folder} {file}";
constexpr string_view kTable = "soffice --headless --convert-to csv --outdir {folder} {file}";
constexpr string_view kZip = "PK\x03\x04", kCompound = "\xD0\xCF\x11\xE0", kRtf = "{\\rtf";

struct Format {
  string_view start;      // of the content
  string_view extension;  // of the name; "": any
  string_view name;
  string_view command;
  size_t at = 0;  // where the start begins
};
constexpr std::array<Format, 15> kDocuments = {{
    {"%PDF-", "", "a PDF document", "pdftotext {file} {text}"},
    {kZip, ".docx", "a Word document", "pandoc{from} -t plain --wrap=none {file} -o {text}"},
    {kZip, ".odt", "an OpenDocument text", "pandoc{from} -t plain --wrap=none {file} -o {text}"},
    {"<?xml", ".fodt", "an OpenDocument text", kOffice},
    {kZip, ".pptx", "a presentation", kOffice},
    {kZip, ".odp", "a presentation", kOffice},
    {kZip, ".xlsx", "a table of numbers", kTable},
    {kZip, ".ods", "a table of numbers", kTable},
    {kZip, ".pages", "a Pages document", kOffice},
    {kCompound, ".doc", "a Word document", kOffice},
    {kCompound, ".ppt", "a presentation", kOffice},
    {kCompound, ".xls", "a table of numbers", kTable},
    {kRtf, "", "a rich text document", kOffice},
    {"%!PS", "", "a PostScript document", "ps2ascii {file} {text}"},
    {"BOOKMOBI", "", "a Kindle book", "ebook-convert {file} {text}", 60},
}};
constexpr std::array<Format, 8> kArchives = {{
    {kZip, ".zip", "an archive", "unzip {file} -d {stem}"},
    {"ustar", "", "an archive", "mkdir {stem} && tar -xf {file} -C {stem}", 257},
    {"7z\xBC\xAF\x27\x1C", "", "an archive", "7z x {file} -o{stem}"},
    {"Rar!\x1A\x07", "", "an archive", "unrar x {file} {stem}/"},
    {"BZh", "", "compressed with bzip2", "bunzip2 -k {file}"},
    {"\x1F\x8B", "", "compressed with gzip, which its name does not say", "gunzip -c < {file} > {text}"},
    {"\xFD" "7zXZ", "", "compressed with xz, which its name does not say", "xz -dc < {file} > {text}"},
    {"\x28\xB5\x2F\xFD", "", "compressed with zstd, which its name does not say", "zstd -dc < {file} > {text}"},
}};

// Other endings of the same formats.
constexpr std::array<std::pair<string_view, string_view>, 20> kRelatives = {{
    {".docm", ".docx"}, {".dotx", ".docx"}, {".dotm", ".docx"}, {".ott", ".odt"},   {".odm", ".odt"},
    {".pptm", ".pptx"}, {".ppsx", ".pptx"}, {".potx", ".pptx"}, {".otp", ".odp"},   {".odg", ".odp"},
    {".xlsm", ".xlsx"}, {".xltx", ".xlsx"}, {".ots", ".ods"},   {".dot", ".doc"},   {".wps", ".doc"},
    {".pps", ".ppt"},   {".pot", ".ppt"},   {".xlt", ".xls"},   {".sxw", ".pages"}, {".hwpx", ".pages"},
}};

bool HasAt(string_view start, size_t at, string_view mark) {
  return start.size() > at && start.substr(at).starts_with(mark);
}

// The ending that the content of a zip file asks for, whatever it is called: an OpenDocument begins with its type, an
// Office document has its parts in a folder. "" if its start does not say.
string_view EndingOfZip(string_view start) {
  constexpr size_t kName = 30;  // where the first entry's name begins
  constexpr std::array<std::pair<string_view, string_view>, 3> kOpen = {
      {{"text", ".odt"}, {"presentation", ".odp"}, {"spreadsheet", ".ods"}}};
  constexpr std::array<std::pair<string_view, string_view>, 3> kOoxml = {
      {{"word/", ".docx"}, {"ppt/", ".pptx"}, {"xl/", ".xlsx"}}};
  constexpr std::array<string_view, 6> kFirst = {"[Content_Types].xml", "_rels/", "docProps/", "word/", "ppt/", "xl/"};
  if (start.size() <= kName) return "";
  const string_view entries = start.substr(kName);
  constexpr string_view kOpenType = "mimetypeapplication/vnd.oasis.opendocument.";
  for (const auto& [type, ending] : kOpen) {
    if (entries.starts_with(kOpenType) && entries.substr(kOpenType.size()).starts_with(type)) return ending;
  }
  const auto begins = [&](string_view name) { return entries.starts_with(name); };
  if (std::none_of(kFirst.begin(), kFirst.end(), begins)) return "";
  for (const auto& [folder, ending] : kOoxml) {
    if (entries.find(folder) != entries.npos) return ending;
  }
  return "";
}

string_view FormatOf(string_view start, string_view kind) {
  if (start.starts_with(kZip)) {
    if (const string_view ending = EndingOfZip(start); !ending.empty()) return ending;
  }
  for (const auto& [relative, ending] : kRelatives) {
    if (kind == relative) return ending;
  }
  return kind;
}

// A file's path, and without its ending what is made of it.
class Names {
 public:
  explicit Names(const std::string& path)
      : path_(path),
        kind_(KindOfName(path)),
        stem_(path.substr(0, path.size() - (kind_.starts_with('.') ? kind_.size() : 0))) {}
  const std::string& kind() const { return kind_; }

  std::string Command(string_view command, string_view format) const {
    const std::string text = stem_ + ".txt", folder = path_.substr(0, path_.rfind('/') + 1);
    std::string stem = stem_.ends_with(".tar") ? stem_.substr(0, stem_.size() - 4) : stem_;
    if (stem == path_) stem += ".d";
    const std::string from = format == kind_ ? "" : " -f " + std::string(format.substr(1));
    return fmt::format(fmt::runtime(command), fmt::arg("file", QuotedForShell(path_)),
                       fmt::arg("text", QuotedForShell(text == path_ ? text + ".txt" : text)),
                       fmt::arg("folder", QuotedForShell(folder.empty() ? "." : folder)),
                       fmt::arg("stem", QuotedForShell(stem)), fmt::arg("from", from));
  }

 private:
  std::string path_, kind_, stem_;
};

std::string Advice(const Format& format, string_view verb, const std::string& command) {
  return fmt::format("is {}; {} it first: `{}`", format.name, verb, command);
}

bool IsOf(const Format& format, string_view start, string_view kind) {
  return HasAt(start, format.at, format.start) && (format.extension.empty() || format.extension == kind);
}

}  // namespace

std::string ConversionAdvice(const std::string& path, string_view start) {
  const Names names(path);
  const string_view kind = FormatOf(start, names.kind());
  for (const Format& format : kDocuments) {
    if (IsOf(format, start, kind)) return Advice(format, "convert", names.Command(format.command, kind));
  }
  if (BinaryReason(start).empty()) return "";  // a text may begin like an archive
  for (const Format& format : kArchives) {
    if (IsOf(format, start, kind)) return Advice(format, "unpack", names.Command(format.command, kind));
  }
  return "";
}

}  // namespace cllm
