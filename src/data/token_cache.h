#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

// The cache of prepared texts, and of the indexes of long logs, as a whole: what is in it, and that it does not grow
// for ever.
namespace cllm {

// A file of the cache. A plain value.
struct CacheEntry {
  std::string path;
  uint64_t bytes = 0;
  int64_t used = 0;         // when it was last, in seconds since 1970
  bool in_use = false;      // by a process that runs now
  bool unfinished = false;  // being written, or left by a process that was killed
};

// The cache's files, the least recently used first. Nothing where there is no such directory.
std::vector<CacheEntry> ListCache(const std::string& directory);

// How large the cache may be: $CLLM_CACHE_LIMIT ("20G"), else 16 GiB or a tenth of its disk, whichever is less, but at
// least 1 GiB. Error (Usage): the variable is no size.
Result<uint64_t> CacheLimit(const std::string& directory);

// Removes the least recently used files until the others have at most `limit` bytes; those in use stay, and of
// unfinished ones all that no process writes go. Returns what is gone.
std::vector<CacheEntry> ShrinkCache(const std::string& directory, uint64_t limit);

}  // namespace cllm
