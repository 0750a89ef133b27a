#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/status.h"

// JSON values without the parser's headers.
namespace cllm {

class JsonValue;
struct JsonField;
using JsonArray = std::vector<JsonValue>;
using JsonFields = std::vector<JsonField>;  // an object, in written order

// One JSON value: null, bool, whole number, real number, text, array or object. A plain value.
class JsonValue {
 public:
  using Content = std::variant<std::monostate, bool, int64_t, uint64_t, double, std::string, JsonArray, JsonFields>;

  JsonValue() = default;                // null
  JsonValue(bool value);                // NOLINT: all implicit on purpose
  JsonValue(int value);                 // NOLINT
  JsonValue(long value);                // NOLINT
  JsonValue(long long value);           // NOLINT
  JsonValue(unsigned value);            // NOLINT
  JsonValue(unsigned long value);       // NOLINT
  JsonValue(unsigned long long value);  // NOLINT
  JsonValue(double value);              // NOLINT
  JsonValue(const char* text);          // NOLINT
  JsonValue(std::string_view text);     // NOLINT
  JsonValue(std::string text);          // NOLINT
  JsonValue(JsonArray values);          // NOLINT
  JsonValue(JsonFields fields);         // NOLINT

  const Content& content() const { return content_; }

 private:
  Content content_;
};

struct JsonField {
  std::string name;
  JsonValue value;
};

inline JsonValue::JsonValue(bool value) : content_(value) {}
inline JsonValue::JsonValue(int value) : content_(int64_t{value}) {}
inline JsonValue::JsonValue(long value) : content_(int64_t{value}) {}
inline JsonValue::JsonValue(long long value) : content_(int64_t{value}) {}
inline JsonValue::JsonValue(unsigned value) : content_(uint64_t{value}) {}
inline JsonValue::JsonValue(unsigned long value) : content_(uint64_t{value}) {}
inline JsonValue::JsonValue(unsigned long long value) : content_(uint64_t{value}) {}
inline JsonValue::JsonValue(double value) : content_(value) {}
inline JsonValue::JsonValue(const char* text) : content_(std::string(text)) {}
inline JsonValue::JsonValue(std::string_view text) : content_(std::string(text)) {}
inline JsonValue::JsonValue(std::string text) : content_(std::move(text)) {}
inline JsonValue::JsonValue(JsonArray values) : content_(std::move(values)) {}
inline JsonValue::JsonValue(JsonFields fields) : content_(std::move(fields)) {}

// Limits on what is read.
inline constexpr size_t kMaxJsonDepth = 64;
inline constexpr size_t kMaxJsonValues = 8'000'000;

enum class JsonStyle { kOneLine, kIndented };

// The text of an object, fields in the order given, without a final newline. Invalid UTF-8 becomes U+FFFD; NaN and
// infinities become null; doubles are written so that reading gives the same bits.
std::string WriteJson(const JsonFields& fields, JsonStyle style = JsonStyle::kOneLine);

// An object that was read, with getters that say what is wrong. Errors are BadInput and name the file and the field.
// Immutable.
class JsonObject {
 public:
  // Error: not JSON, not an object, a name twice in one object, deeper than kMaxJsonDepth, more than kMaxJsonValues.
  // `label` names the text in errors.
  static Result<JsonObject> Parse(std::string_view text, std::string label);
  static Result<JsonObject> ReadFrom(const std::string& path, uint64_t max_bytes);

  const JsonFields& fields() const { return fields_; }
  const JsonValue* Find(std::string_view name) const;  // nullptr if absent

  // The field's value. Error: absent, of another kind, or out of the type's range.
  Result<int64_t> Integer(std::string_view name) const;
  Result<uint64_t> Unsigned(std::string_view name) const;
  Result<double> Real(std::string_view name) const;  // whole numbers too
  Result<bool> Boolean(std::string_view name) const;
  Result<std::string> Text(std::string_view name) const;
  Result<JsonObject> Object(std::string_view name) const;
  Result<JsonArray> Array(std::string_view name) const;
  // An array whose elements are all objects.
  Result<std::vector<JsonObject>> Objects(std::string_view name) const;

  // The field "format" is a number from 1 to `newest`. Error: absent, or a newer one ("update the program").
  Status CheckFormat(uint64_t newest) const;

 private:
  JsonObject(std::string label, JsonFields fields) : label_(std::move(label)), fields_(std::move(fields)) {}
  Status Wrong(std::string_view name, std::string_view expected) const;

  std::string label_;
  JsonFields fields_;
};

// A file's format number against the newest this program reads. Error: BadInput.
Status CheckFormatNumber(const std::string& path, uint64_t found, uint64_t newest);

}  // namespace cllm
