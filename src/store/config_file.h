#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

// Configuration as TOML: names with values, in order.
namespace cllm {

enum class ConfigKind {
  kText,  // quoted in the file
  kBare,  // a number, true or false
};

// One value of one key. A key of a table reads as "table.key"; an array reads as one entry for each element.
struct ConfigEntry {
  std::string key;
  std::string value;
  ConfigKind kind = ConfigKind::kText;
  uint32_t line = 0;  // where it was read; ignored by the writer

  bool operator==(const ConfigEntry&) const = default;
};

inline constexpr uint64_t kMaxConfigBytes = 1 << 20;

// The entries in the order of the file. Error: BadInput with path and line: missing, unreadable, too long, not TOML, a
// date, or an array inside an array.
Result<std::vector<ConfigEntry>> ReadConfig(const std::string& path);
Result<std::vector<ConfigEntry>> ParseConfig(const std::string& text, const std::string& label);

// TOML text; neighbours with the same key become an array. REQUIRES: keys of letters, digits, '_' and '-'; a kBare
// value is a TOML number or boolean; texts are valid UTF-8.
std::string WriteConfig(const std::vector<ConfigEntry>& entries);

}  // namespace cllm
