#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "store/json.h"

// What a JSON value holds, if it is of the kind that is asked for.
namespace cllm {

// A whole number of 0 or more.
inline std::optional<uint64_t> UnsignedOf(const JsonValue& value) {
  if (const auto* number = std::get_if<uint64_t>(&value.content())) return *number;
  if (const auto* number = std::get_if<int64_t>(&value.content()); number != nullptr && *number >= 0) {
    return static_cast<uint64_t>(*number);
  }
  return std::nullopt;
}

// A text, which lives as long as the value; null for any other kind.
inline const std::string* TextOf(const JsonValue& value) { return std::get_if<std::string>(&value.content()); }

}  // namespace cllm
