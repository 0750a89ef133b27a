#include "data/token_cache.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "base/system.h"
#include "base/units.h"
#include "store/file_claim.h"

namespace cllm {
namespace {

namespace fs = std::filesystem;

// Prepared texts, and the indexes of logs (history/history_index.h).
constexpr std::string_view kPrefix = "tokens-", kIndexPrefix = "history-", kUnfinished = ".tmp-";
constexpr uint64_t kMostByDefault = uint64_t{16} << 30, kLeastByDefault = uint64_t{1} << 30;
constexpr uint64_t kShareOfDisk = 10;
// Between making a file and claiming it nobody can tell a new one from one that was left.
constexpr int64_t kNew_s = 60;

}  // namespace

std::vector<CacheEntry> ListCache(const std::string& directory) {
  std::vector<CacheEntry> entries;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    struct stat info {};
    if (!name.starts_with(kPrefix) && !name.starts_with(kIndexPrefix)) continue;
    if (lstat(entry->path().c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    entries.push_back({.path = entry->path().string(),
                       .bytes = static_cast<uint64_t>(info.st_size),
                       .used = std::max<int64_t>(info.st_atime, info.st_mtime),
                       .in_use = FileClaim::IsClaimed(entry->path().string()),
                       .unfinished = name.find(kUnfinished) != name.npos});
  }
  std::sort(entries.begin(), entries.end(), [](const CacheEntry& a, const CacheEntry& b) {
    return std::pair(a.used, a.path) < std::pair(b.used, b.path);
  });
  return entries;
}

Result<uint64_t> CacheLimit(const std::string& directory) {
  if (const auto named = EnvironmentVariable("CLLM_CACHE_LIMIT"); named && !named->empty()) {
    const Result<uint64_t> limit = ParseBytes(*named);
    if (limit.ok()) return limit;
    return Usage(fmt::format("CLLM_CACHE_LIMIT: {}", limit.status().message()));
  }
  std::error_code error;
  const fs::space_info disk = fs::space(directory, error);
  if (error) return kMostByDefault;
  return std::clamp<uint64_t>(disk.capacity / kShareOfDisk, kLeastByDefault, kMostByDefault);
}

std::vector<CacheEntry> ShrinkCache(const std::string& directory, uint64_t limit) {
  std::vector<CacheEntry> gone;
  uint64_t total = 0;
  std::vector<CacheEntry> entries = ListCache(directory);
  for (const CacheEntry& entry : entries) total += entry.bytes;
  const int64_t now = std::time(nullptr);
  for (CacheEntry& entry : entries) {
    const bool left_behind = entry.unfinished && (limit == 0 || now - entry.used > kNew_s);
    if (total <= limit && !left_behind) continue;
    if (entry.in_use || !FileClaim::RemoveUnclaimed(entry.path)) continue;
    total -= entry.bytes;
    gone.push_back(std::move(entry));
  }
  return gone;
}

}  // namespace cllm
