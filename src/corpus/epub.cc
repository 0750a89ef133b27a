#include "corpus/epub.h"

#include <fmt/core.h>
#include <libxml/parser.h>

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "corpus/html_text.h"
#include "corpus/text_encoding.h"
#include "corpus/zip_file.h"

namespace cllm {
namespace {

constexpr const char* kContainer = "META-INF/container.xml";
constexpr const char* kEncryption = "META-INF/encryption.xml";

using Attributes = std::map<std::string, std::string>;
using ElementVisitor = std::function<void(const std::string& name, Attributes attributes)>;

void OnElement(void* visitor, const xmlChar* name, const xmlChar*, const xmlChar*, int, const xmlChar**, int count, int,
               const xmlChar** values) {
  Attributes attributes;
  for (int i = 0; i < count; ++i) {
    const xmlChar** one = values + 5 * i;  // name, prefix, namespace, first and last byte of the value
    attributes[reinterpret_cast<const char*>(one[0])] =
        std::string(reinterpret_cast<const char*>(one[3]), reinterpret_cast<const char*>(one[4]));
  }
  (*static_cast<const ElementVisitor*>(visitor))(reinterpret_cast<const char*>(name), std::move(attributes));
}

// Calls back for each element of an XML file. No handler takes declarations of entities, so that there are none but the
// five of XML, and nothing outside is read.
Status VisitElements(const std::string& xml, const ElementVisitor& visitor) {
  xmlSAXHandler handler{};
  handler.initialized = XML_SAX2_MAGIC;
  handler.startElementNs = OnElement;
  if (xmlSAXUserParseMemory(&handler, const_cast<ElementVisitor*>(&visitor), xml.data(),
                            static_cast<int>(xml.size())) == 0) {
    return {};
  }
  return BadInput("is damaged: its description is no XML");
}

// What an href means in an archive, seen from a folder of it: "../Text/a%20b.xhtml#x" is "Text/a b.xhtml".
std::string Resolved(const std::string& folder, const std::string& href) {
  std::string name;
  const std::string plain = href.substr(0, href.find('#'));
  for (size_t i = 0; i < plain.size(); ++i) {
    const std::string digits = plain.substr(i + 1, 2);
    const bool escape = plain[i] == '%' && digits.size() == 2 &&
                        digits.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
    name += escape ? static_cast<char>(std::stoi(digits, nullptr, 16)) : plain[i];
    if (escape) i += 2;
  }
  return (std::filesystem::path(folder) / name).lexically_normal().generic_string();
}

bool HasWord(const std::string& words, const std::string& word) {
  return (" " + words + " ").find(" " + word + " ") != std::string::npos;
}

// The pages of a book in reading order, by their names in the archive.
Result<std::vector<std::string>> PagesOf(const std::string& package_name, const std::string& package) {
  const std::string folder = std::filesystem::path(package_name).parent_path().generic_string();
  std::map<std::string, std::string> pages;  // by id
  std::vector<std::string> order;
  CLLM_TRY(VisitElements(package, [&](const std::string& name, Attributes attributes) {
    const std::string type = attributes["media-type"];
    if (name == "item" && (type == "application/xhtml+xml" || type == "text/html") &&
        !HasWord(attributes["properties"], "nav")) {
      pages[attributes["id"]] = Resolved(folder, attributes["href"]);
    }
    if (name == "itemref") order.push_back(attributes["idref"]);
  }));
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const std::string& id : order) {
    const auto page = pages.find(id);
    if (page != pages.end() && seen.insert(id).second) names.push_back(page->second);
  }
  return names;
}

// Whether the list of what is encrypted (fonts often are) names one of the pages.
Result<bool> IsProtected(const std::string& encryption, const std::set<std::string>& pages) {
  bool is_protected = false;
  CLLM_TRY(VisitElements(encryption, [&](const std::string& name, Attributes attributes) {
    is_protected |= name == "CipherReference" && pages.contains(Resolved("", attributes["URI"]));
  }));
  return is_protected;
}

Result<std::string> JoinedPages(const std::string& path, const std::vector<std::string>& names) {
  CLLM_ASSIGN(const auto contents, ReadZipEntries(path, {names.begin(), names.end()}));
  std::string text;
  for (const std::string& name : names) {
    const auto content = contents.find(name);
    if (content == contents.end()) return BadInput(fmt::format("is damaged: {} is missing", name));
    const Result<std::string> page = HtmlText(DecodeMarkedText(content->second));
    if (!page.ok()) return BadInput(fmt::format("cannot be read: {} {}", name, page.status().message()));
    if (!text.empty() && !page->empty()) text += '\n';
    text += *page;
  }
  return text;
}

Result<std::string> BookText(const std::string& path) {
  CLLM_ASSIGN(auto meta, ReadZipEntries(path, {kContainer, kEncryption}));
  if (!meta.contains(kContainer)) return BadInput(fmt::format("is no EPUB book: {} is missing", kContainer));
  std::string package_name;
  CLLM_TRY(VisitElements(meta[kContainer], [&](const std::string& name, Attributes attributes) {
    if (name == "rootfile" && package_name.empty()) package_name = Resolved("", attributes["full-path"]);
  }));
  CLLM_ASSIGN(auto packages, ReadZipEntries(path, {package_name}));
  if (packages.empty()) return BadInput(fmt::format("is damaged: {} is missing", package_name));
  CLLM_ASSIGN(const std::vector<std::string> pages, PagesOf(package_name, packages[package_name]));
  if (pages.empty()) return BadInput("holds no pages; expected a book");
  if (meta.contains(kEncryption)) {
    CLLM_ASSIGN(const bool is_protected, IsProtected(meta[kEncryption], {pages.begin(), pages.end()}));
    if (is_protected) return BadInput("is protected against copies (DRM); expected an open book");
  }
  return JoinedPages(path, pages);
}

}  // namespace

bool LooksLikeEpub(std::string_view start) {
  constexpr size_t kName = 30, kSearched = 200;  // where the entry's name begins; its content follows soon
  return start.starts_with("PK\x03\x04") && start.size() > kName && start.substr(kName).starts_with("mimetype") &&
         start.substr(0, kSearched).find("application/epub+zip") != start.npos;
}

Result<std::string> EpubText(const std::string& path) {
  Result<std::string> text = BookText(path);
  if (text.ok()) return text;
  return Status(text.status().code(), fmt::format("{} {}", path, text.status().message()));
}

}  // namespace cllm
