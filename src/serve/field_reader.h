#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/api_error.h"
#include "store/json.h"

namespace cllm {

// Takes a request's fields out of its JSON. A field that is null is one that is absent; what is not asked for is not
// looked at. The first thing that is wrong is kept, and after it the values do not matter. Views the fields.
class FieldReader {
 public:
  explicit FieldReader(const JsonFields& fields) : fields_(fields) {}

  // The value; null where it is absent or null.
  const JsonValue* Find(std::string_view name) const;
  bool Has(std::string_view name) const { return Find(name) != nullptr; }

  // A whole number from low to high; 3.0 is one. For those that may be below 0, and those that may be above 2^63 - 1.
  int64_t Whole(std::string_view name, int64_t low, int64_t high, int64_t initial);
  uint64_t Seed(std::string_view name, uint64_t initial);  // any whole number of 64 bits, signed ones modulo 2^64
  double Real(std::string_view name, double low, double high, double initial);
  bool Truth(std::string_view name, bool initial);
  std::string Text(std::string_view name, const std::string& initial);
  // A text, or an array of texts; none where it is absent.
  std::vector<std::string> Texts(std::string_view name);
  // An array of token ids below `vocabulary`.
  std::vector<uint32_t> TokenIds(std::string_view name, const JsonArray& values, size_t vocabulary);

  void Refuse(std::string_view name, const std::string& expected, std::string_view code = "");
  void Refuse(ApiError error);
  const std::optional<ApiError>& error() const { return error_; }

 private:
  const JsonFields& fields_;
  std::optional<ApiError> error_;
};

// A value as messages show it, cut after some characters.
std::string ShortJson(const JsonValue& value);

}  // namespace cllm
