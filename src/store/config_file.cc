#include "store/config_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "base/check.h"
#include "base/file.h"

namespace cllm {
namespace {

// The parser's own assertions can be reached from input ("[" and then no name), and without them it has undefined
// behaviour there. They throw this instead, which ParseConfig catches.
struct ParserAssertion {};
[[noreturn]] void ParserAssertionFailed() { throw ParserAssertion(); }

}  // namespace
}  // namespace cllm

#undef NDEBUG  // with it the parser tells the compiler to assume what it asserts
#define TOML_ASSERT(condition) ((condition) ? void(0) : ::cllm::ParserAssertionFailed())
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

namespace cllm {
namespace {

Status Unreadable(const std::string& label, uint32_t line, std::string_view problem) {
  return BadInput(fmt::format("{}, line {}: {}", label, line, problem));
}

// Dotted keys nest without limit in the parser, which then recurses; a key lies on one line.
Status CheckDots(std::string_view text, const std::string& label) {
  constexpr ptrdiff_t kMaxDots = 1000;
  uint32_t line = 1;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find('\n'));
    if (std::count(one.begin(), one.end(), '.') > kMaxDots) {
      return Unreadable(label, line, fmt::format("expected at most {} dots; put each value on its own line", kMaxDots));
    }
    text.remove_prefix(std::min(one.size() + 1, text.size()));
    ++line;
  }
  return {};
}

// Bytes of the UTF-8 character that `text` starts with (Unicode 15, table 3-7); 0 if it is none.
size_t CharacterBytes(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto in = [](unsigned value, unsigned low, unsigned high) { return value >= low && value <= high; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  const unsigned low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const unsigned high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  const size_t bytes = in(lead, 0xc2, 0xdf) ? 2 : in(lead, 0xe0, 0xef) ? 3 : in(lead, 0xf0, 0xf4) ? 4 : 0;
  if (bytes == 0 || !in(byte(1), low, high)) return 0;
  for (size_t i = 2; i < bytes; ++i) {
    if (!in(byte(i), 0x80, 0xbf)) return 0;
  }
  return bytes;
}

// The parser has undefined behaviour on characters beyond ASCII (toml++ 3.3, is_non_ascii_horizontal_whitespace), so it
// never sees one: their bytes, and the percent sign, become "%XX", which means nothing in TOML.
Result<std::string> ToAscii(std::string_view text, const std::string& label) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // a byte order mark
  std::string ascii;
  uint32_t line = 1;
  while (!text.empty()) {
    const size_t bytes = CharacterBytes(text);
    if (bytes == 0) return Unreadable(label, line, "expected UTF-8, found other bytes");
    for (const char c : text.substr(0, bytes)) {
      if (c == '%' || bytes > 1)
        ascii += fmt::format("%{:02X}", static_cast<unsigned char>(c));
      else
        ascii += c;
    }
    line += text.front() == '\n';
    text.remove_prefix(bytes);
  }
  return ascii;
}

std::string FromAscii(std::string_view ascii) {
  std::string text;
  while (!ascii.empty()) {
    unsigned char byte = 0;
    const bool coded = ascii.size() >= 3 && ascii[0] == '%' &&
                       std::from_chars(ascii.data() + 1, ascii.data() + 3, byte, 16).ptr == ascii.data() + 3;
    text += coded ? static_cast<char>(byte) : ascii[0];
    ascii.remove_prefix(coded ? 3 : 1);
  }
  return text;
}

// One value as text.
Status AddValue(const toml::node& node, const std::string& key, const std::string& label,
                std::vector<ConfigEntry>* entries) {
  ConfigEntry entry{key, {}, ConfigKind::kBare, node.source().begin.line};
  if (const auto* text = node.as_string()) {
    entry.value = FromAscii(text->get());
    entry.kind = ConfigKind::kText;
  } else if (const auto* whole = node.as_integer()) {
    entry.value = fmt::format("{}", whole->get());
  } else if (const auto* real = node.as_floating_point()) {
    entry.value = fmt::format("{}", real->get());
  } else if (const auto* truth = node.as_boolean()) {
    entry.value = truth->get() ? "true" : "false";
  } else {
    return Unreadable(label, entry.line, fmt::format("'{}': expected text, a number, true or false", key));
  }
  entries->push_back(std::move(entry));
  return {};
}

// The entries of a table, tables inside it by one more call each: the parser bounds their depth.
Status AddTable(const toml::table& table, const std::string& prefix, const std::string& label,
                std::vector<ConfigEntry>* entries) {
  for (const auto& [name, node] : table) {
    const std::string key = prefix + FromAscii(name.str());
    if (const toml::table* inner = node.as_table()) {
      CLLM_TRY(AddTable(*inner, key + ".", label, entries));
    } else if (const toml::array* array = node.as_array()) {
      for (const toml::node& element : *array) CLLM_TRY(AddValue(element, key, label, entries));
    } else {
      CLLM_TRY(AddValue(node, key, label, entries));
    }
  }
  return {};
}

// A TOML basic string.
std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      quoted += fmt::format("\\{}", c);
    else if (c == '\n')
      quoted += "\\n";
    else if (c == '\t')
      quoted += "\\t";
    else if (static_cast<unsigned char>(c) < 32 || c == 127)
      quoted += fmt::format("\\u{:04X}", static_cast<int>(c));
    else
      quoted += c;
  }
  return quoted + '"';
}

bool IsBareKey(std::string_view key) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  return !key.empty() && key.find_first_not_of(kAllowed) == key.npos;
}

Result<toml::parse_result> Parsed(const std::string& text, const std::string& label) try {
  return toml::parse(std::string_view(text), std::string_view(label));
} catch (const ParserAssertion&) {
  return BadInput(fmt::format("{}: expected TOML, found a bracket or sign without what has to follow it", label));
}

}  // namespace

Result<std::vector<ConfigEntry>> ParseConfig(const std::string& text, const std::string& label) {
  CLLM_TRY(CheckDots(text, label));
  CLLM_ASSIGN(const std::string ascii, ToAscii(text, label));
  CLLM_ASSIGN(const toml::parse_result parsed, Parsed(ascii, label));
  if (!parsed) return Unreadable(label, parsed.error().source().begin.line,
                                  FromAscii(parsed.error().description()));
  std::vector<ConfigEntry> entries;
  CLLM_TRY(AddTable(parsed.table(), "", label, &entries));
  // The parser sorts by name; people read errors in the order of the file.
  std::stable_sort(entries.begin(), entries.end(),
                   [](const ConfigEntry& a, const ConfigEntry& b) { return a.line < b.line; });
  return entries;
}

Result<std::vector<ConfigEntry>> ReadConfig(const std::string& path) {
  CLLM_ASSIGN(const std::string text, ReadFile(path, kMaxConfigBytes));
  return ParseConfig(text, path);
}

std::string WriteConfig(const std::vector<ConfigEntry>& entries) {
  std::string text;
  for (size_t i = 0; i < entries.size();) {
    CHECK(IsBareKey(entries[i].key));
    std::vector<std::string> values;
    const std::string key = entries[i].key;
    for (; i < entries.size() && entries[i].key == key; ++i) {
      values.push_back(entries[i].kind == ConfigKind::kText ? Quoted(entries[i].value) : entries[i].value);
    }
    text += values.size() == 1 ? fmt::format("{} = {}\n", key, values.front())
                               : fmt::format("{} = [\n  {},\n]\n", key, fmt::join(values, ",\n  "));
  }
  return text;
}

}  // namespace cllm
