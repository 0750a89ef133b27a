#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "infer/decoder.h"

namespace cllm {

// What a server counts since its start. A plain value.
struct ServerCounts {
  std::map<int, uint64_t> answers = {};  // by status; the head's of a stream
  uint64_t cancelled = 0;                // calls whose client went away
  size_t connections = 0, calls = 0;     // now
};

// As text for Prometheus (exposition format 0.0.4).
std::string MetricsText(const ServerCounts& counts, const DecoderStatistics& decoder);

}  // namespace cllm
