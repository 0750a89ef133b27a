#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "base/status.h"

namespace cllm {

// What may be read of one archive; more is a bomb, or nothing that people read.
inline constexpr uint64_t kMaxEntryBytes = uint64_t{1} << 24;  // of an entry
inline constexpr uint64_t kMaxZipBytes = uint64_t{1} << 26;    // of all entries that are read
inline constexpr uint64_t kMaxZipRatio = 100;                  // of the same to the size of the file, beyond 1 MiB
inline constexpr size_t kMaxZipEntries = 20'000;

// The entries of a zip file with these names, by name; those that are not there are missing. Error (kBadInput), to
// follow the file's name: damaged, encrypted, or beyond a limit, which is told.
Result<std::map<std::string, std::string>> ReadZipEntries(const std::string& path, const std::set<std::string>& names);

}  // namespace cllm
