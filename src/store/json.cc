#include "store/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/file.h"

namespace cllm {
namespace {

using Json = nlohmann::ordered_json;

Json ToJson(const JsonValue& value);

// The parser's own way to add a member looks through all that are there, which takes minutes for a large vocabulary.
Json ToJson(const JsonFields& fields) {
  Json object = Json::object();
  Json::object_t::Container& members = object.get_ref<Json::object_t&>();
  members.reserve(fields.size());
  for (const JsonField& field : fields) members.emplace_back(field.name, ToJson(field.value));
  return object;
}

Json ToJson(const JsonArray& values) {
  Json array = Json::array();
  for (const JsonValue& value : values) array.push_back(ToJson(value));
  return array;
}

Json ToJson(std::monostate) { return nullptr; }

template <typename Scalar>
Json ToJson(const Scalar& scalar) {
  return scalar;
}

Json ToJson(const JsonValue& value) {
  return std::visit([](const auto& content) { return ToJson(content); }, value.content());
}

// Builds a JsonValue from the parser's events, so that names that come twice are seen and depth and size are bounded.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return Add(JsonValue()); }
  bool boolean(bool value) override { return Add(value); }
  bool number_integer(int64_t value) override { return Add(value); }
  bool number_unsigned(uint64_t value) override { return Add(value); }
  bool number_float(double value, const std::string&) override { return Add(value); }
  bool string(std::string& value) override { return Add(std::move(value)); }
  bool binary(nlohmann::json::binary_t&) override { return Fail("a binary value"); }

  bool start_object(size_t) override { return Open(true); }
  bool start_array(size_t) override { return Open(false); }
  bool key(std::string& name) override {
    open_.back().name = std::move(name);
    return true;
  }
  bool end_object() override {
    JsonFields fields = std::move(open_.back().fields);
    std::vector<std::string_view> names;
    for (const JsonField& field : fields) names.push_back(field.name);
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice != names.end()) return Fail(fmt::format("the name '{}' twice", *twice));
    open_.pop_back();
    return Add(std::move(fields));
  }
  bool end_array() override {
    JsonArray values = std::move(open_.back().values);
    open_.pop_back();
    return Add(std::move(values));
  }
  bool parse_error(size_t position, const std::string&, const nlohmann::json::exception&) override {
    return Fail(fmt::format("an error at byte {}", position));
  }

  const std::string& error() const { return error_; }
  std::optional<JsonValue>& result() { return result_; }

 private:
  struct Level {
    bool is_object;
    std::string name;  // of the field to come
    JsonFields fields;
    JsonArray values;
  };

  bool Fail(std::string error) {
    error_ = std::move(error);
    return false;
  }
  bool Open(bool is_object) {
    if (open_.size() == kMaxJsonDepth) return Fail(fmt::format("values nested deeper than {}", kMaxJsonDepth));
    open_.push_back({is_object, {}, {}, {}});
    return true;
  }
  bool Add(JsonValue value) {
    if (++values_ > kMaxJsonValues) return Fail(fmt::format("more than {} values", kMaxJsonValues));
    if (open_.empty()) {
      result_ = std::move(value);
    } else if (open_.back().is_object) {
      open_.back().fields.push_back({std::move(open_.back().name), std::move(value)});
    } else {
      open_.back().values.push_back(std::move(value));
    }
    return true;
  }

  std::vector<Level> open_;
  std::optional<JsonValue> result_;
  size_t values_ = 0;
  std::string error_;
};

}  // namespace

std::string WriteJson(const JsonFields& fields, JsonStyle style) {
  return ToJson(fields).dump(style == JsonStyle::kIndented ? 2 : -1, ' ', false, Json::error_handler_t::replace);
}

Result<JsonObject> JsonObject::Parse(std::string_view text, std::string label) {
  Builder builder;
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) {
    return BadInput(fmt::format("{}: expected JSON, found {}", label, builder.error()));
  }
  JsonValue value = *std::move(builder.result());
  const JsonFields* fields = std::get_if<JsonFields>(&value.content());
  if (fields == nullptr) return BadInput(fmt::format("{}: expected a JSON object, found another value", label));
  return JsonObject(std::move(label), *fields);
}

Result<JsonObject> JsonObject::ReadFrom(const std::string& path, uint64_t max_bytes) {
  CLLM_ASSIGN(const std::string text, ReadFile(path, max_bytes));
  return Parse(text, path);
}

const JsonValue* JsonObject::Find(std::string_view name) const {
  const auto found =
      std::find_if(fields_.begin(), fields_.end(), [name](const JsonField& field) { return field.name == name; });
  return found == fields_.end() ? nullptr : &found->value;
}

Status JsonObject::Wrong(std::string_view name, std::string_view expected) const {
  const JsonValue* value = Find(name);
  if (value == nullptr) return BadInput(fmt::format("{}: the field '{}' is missing", label_, name));
  constexpr size_t kShown = 60;
  std::string text = ToJson(*value).dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > kShown) text = text.substr(0, kShown) + "...";
  return BadInput(fmt::format("{}: the field '{}': expected {}, found {}", label_, name, expected, text));
}

Result<int64_t> JsonObject::Integer(std::string_view name) const {
  const JsonValue* value = Find(name);
  if (value != nullptr) {
    if (const auto* number = std::get_if<int64_t>(&value->content())) return *number;
    const auto* positive = std::get_if<uint64_t>(&value->content());
    if (positive != nullptr && *positive <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      return static_cast<int64_t>(*positive);
    }
  }
  return Wrong(name, "a whole number below 2^63");
}

Result<uint64_t> JsonObject::Unsigned(std::string_view name) const {
  const JsonValue* value = Find(name);
  if (value != nullptr) {
    if (const auto* number = std::get_if<uint64_t>(&value->content())) return *number;
    const auto* number = std::get_if<int64_t>(&value->content());
    if (number != nullptr && *number >= 0) return static_cast<uint64_t>(*number);
  }
  return Wrong(name, "a whole number from 0 to 2^64-1");
}

Result<double> JsonObject::Real(std::string_view name) const {
  const JsonValue* value = Find(name);
  if (value != nullptr) {
    if (const auto* real = std::get_if<double>(&value->content())) return *real;
    if (const auto* number = std::get_if<int64_t>(&value->content())) return static_cast<double>(*number);
    if (const auto* number = std::get_if<uint64_t>(&value->content())) return static_cast<double>(*number);
  }
  return Wrong(name, "a number");
}

Result<bool> JsonObject::Boolean(std::string_view name) const {
  const JsonValue* value = Find(name);
  if (value != nullptr) {
    if (const auto* truth = std::get_if<bool>(&value->content())) return *truth;
  }
  return Wrong(name, "true or false");
}

Result<std::string> JsonObject::Text(std::string_view name) const {
  const JsonValue* value = Find(name);
  if (value != nullptr) {
    if (const auto* text = std::get_if<std::string>(&value->content())) return *text;
  }
  return Wrong(name, "a text");
}

Result<JsonObject> JsonObject::Object(std::string_view name) const {
  const JsonValue* value = Find(name);
  if (value != nullptr) {
    if (const auto* fields = std::get_if<JsonFields>(&value->content())) {
      return JsonObject(fmt::format("{}: {}", label_, name), *fields);
    }
  }
  return Wrong(name, "an object");
}

Result<std::vector<JsonObject>> JsonObject::Objects(std::string_view name) const {
  CLLM_ASSIGN(const JsonArray values, Array(name));
  std::vector<JsonObject> objects;
  for (const JsonValue& value : values) {
    const auto* fields = std::get_if<JsonFields>(&value.content());
    if (fields == nullptr) return Wrong(name, "an array of objects");
    objects.push_back(JsonObject(fmt::format("{}: {}", label_, name), *fields));
  }
  return objects;
}

Result<JsonArray> JsonObject::Array(std::string_view name) const {
  const JsonValue* value = Find(name);
  if (value != nullptr) {
    if (const auto* values = std::get_if<JsonArray>(&value->content())) return *values;
  }
  return Wrong(name, "an array");
}

Status JsonObject::CheckFormat(uint64_t newest) const {
  CLLM_ASSIGN(const uint64_t found, Unsigned("format"));
  return CheckFormatNumber(label_, found, newest);
}

Status CheckFormatNumber(const std::string& path, uint64_t found, uint64_t newest) {
  if (found >= 1 && found <= newest) return {};
  if (found == 0) return BadInput(fmt::format("{}: expected a format number from 1 to {}, found 0", path, newest));
  return BadInput(fmt::format("{}: written by a newer program (format {}, this one reads up to {}); update cllm", path,
                              found, newest));
}

}  // namespace cllm
