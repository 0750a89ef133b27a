#include "serve/field_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace cllm {
namespace {

constexpr size_t kShown = 60;  // bytes of a value in a message

// The number if it is whole and has 64 bits: as its sign and its bits modulo 2^64.
struct WholeNumber {
  bool negative;
  uint64_t bits;
};
std::optional<WholeNumber> WholeOf(const JsonValue& value) {
  if (const auto* number = std::get_if<uint64_t>(&value.content())) return WholeNumber{false, *number};
  if (const auto* number = std::get_if<int64_t>(&value.content())) {
    return WholeNumber{*number < 0, static_cast<uint64_t>(*number)};
  }
  const auto* real = std::get_if<double>(&value.content());
  if (real == nullptr || !(*real >= -0x1p63 && *real < 0x1p64)) return std::nullopt;
  if (*real < 0) {
    const auto whole = static_cast<int64_t>(*real);
    if (static_cast<double>(whole) != *real) return std::nullopt;
    return WholeNumber{true, static_cast<uint64_t>(whole)};
  }
  const auto whole = static_cast<uint64_t>(*real);
  if (static_cast<double>(whole) != *real) return std::nullopt;
  return WholeNumber{false, whole};
}

std::optional<double> RealOf(const JsonValue& value) {
  if (const auto* real = std::get_if<double>(&value.content())) return *real;
  if (const auto* number = std::get_if<int64_t>(&value.content())) return static_cast<double>(*number);
  if (const auto* number = std::get_if<uint64_t>(&value.content())) return static_cast<double>(*number);
  return std::nullopt;
}

}  // namespace

std::string ShortJson(const JsonValue& value) {
  std::string text = WriteJson({{"", value}});
  text = text.substr(4, text.size() - 5);  // of {"":value}
  if (text.size() <= kShown) return text;
  size_t end = kShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

const JsonValue* FieldReader::Find(std::string_view name) const {
  const auto found = std::ranges::find_if(fields_, [&](const JsonField& field) { return field.name == name; });
  if (found == fields_.end() || std::holds_alternative<std::monostate>(found->value.content())) return nullptr;
  return &found->value;
}

void FieldReader::Refuse(ApiError error) {
  if (!error_) error_ = std::move(error);
}

void FieldReader::Refuse(std::string_view name, const std::string& expected, std::string_view code) {
  const JsonValue* value = Find(name);
  const std::string found = value == nullptr ? "is missing" : "is " + ShortJson(*value);
  Refuse({.message = fmt::format("'{}' {}, expected {}", name, found, expected),
          .param = std::string(name),
          .code = std::string(code.empty() ? "invalid_value" : code)});
}

int64_t FieldReader::Whole(std::string_view name, int64_t low, int64_t high, int64_t initial) {
  const JsonValue* value = Find(name);
  if (value == nullptr) return initial;
  const std::optional<WholeNumber> whole = WholeOf(*value);
  if (whole && (whole->negative || whole->bits <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))) {
    const auto number = static_cast<int64_t>(whole->bits);
    if (number >= low && number <= high) return number;
  }
  Refuse(name, fmt::format("a whole number from {} to {}", low, high));
  return initial;
}

uint64_t FieldReader::Seed(std::string_view name, uint64_t initial) {
  const JsonValue* value = Find(name);
  if (value == nullptr) return initial;
  const std::optional<WholeNumber> whole = WholeOf(*value);
  if (whole) return whole->bits;
  Refuse(name, "a whole number of 64 bits");
  return initial;
}

double FieldReader::Real(std::string_view name, double low, double high, double initial) {
  const JsonValue* value = Find(name);
  if (value == nullptr) return initial;
  const std::optional<double> real = RealOf(*value);
  if (real && *real >= low && *real <= high) return *real;
  Refuse(name, fmt::format("a number from {} to {}", low, high));
  return initial;
}

bool FieldReader::Truth(std::string_view name, bool initial) {
  const JsonValue* value = Find(name);
  if (value == nullptr) return initial;
  if (const auto* truth = std::get_if<bool>(&value->content())) return *truth;
  Refuse(name, "true or false");
  return initial;
}

std::string FieldReader::Text(std::string_view name, const std::string& initial) {
  const JsonValue* value = Find(name);
  if (value == nullptr) return initial;
  if (const auto* text = std::get_if<std::string>(&value->content())) return *text;
  Refuse(name, "a text");
  return initial;
}

std::vector<std::string> FieldReader::Texts(std::string_view name) {
  const JsonValue* value = Find(name);
  if (value == nullptr) return {};
  if (const auto* text = std::get_if<std::string>(&value->content())) return {*text};
  std::vector<std::string> texts;
  const auto* values = std::get_if<JsonArray>(&value->content());
  for (const JsonValue& each : values == nullptr ? JsonArray() : *values) {
    const auto* text = std::get_if<std::string>(&each.content());
    if (text != nullptr) texts.push_back(*text);
  }
  if (values == nullptr || texts.size() != values->size()) Refuse(name, "a text or an array of texts");
  return texts;
}

std::vector<uint32_t> FieldReader::TokenIds(std::string_view name, const JsonArray& values, size_t vocabulary) {
  std::vector<uint32_t> ids;
  ids.reserve(values.size());
  for (const JsonValue& value : values) {
    const std::optional<WholeNumber> whole = WholeOf(value);
    if (!whole || whole->negative || whole->bits >= vocabulary) {
      Refuse({.message = fmt::format("'{}' has {} in it, expected token ids from 0 to {}", name, ShortJson(value),
                                     vocabulary - 1),
              .param = std::string(name),
              .code = "invalid_value"});
      return {};
    }
    ids.push_back(static_cast<uint32_t>(whole->bits));
  }
  return ids;
}

}  // namespace cllm
