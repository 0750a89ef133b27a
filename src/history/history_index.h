#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/file.h"
#include "base/status.h"
#include "history/history_state.h"
#include "history/log_file.h"
#include "store/file_claim.h"

// What is known of a huge log, kept in the cache so that it is not read again: numbers as columns of doubles, which are
// mapped and read where somebody looks; events as places in the log. Another log under the same name is noticed by
// a hash of samples of it, damage of all but the columns by a hash.
namespace cllm {

// CACHE/history-<hash of the log's path>.
std::string IndexPath(const std::string& cache, const std::string& log_path);

// Writes the state of what stands in the log before its line_offset. The file is replaced whole. Error (Failed).
Status WriteIndex(const std::string& index_path, const HistoryState& state, const LogFile& log);

// An index, in whose memory its state's rows lie.
struct LoadedIndex {
  MappedFile file;
  std::optional<FileClaim> claim;  // so that a cache that is cleaned keeps it
  HistoryState state;
  uint64_t log_bytes = 0;  // where the log goes on
};

// Nothing: there is none, it is damaged, of another format, or of another log.
std::optional<LoadedIndex> ReadIndex(const std::string& index_path, const LogFile& log);

}  // namespace cllm
