#pragma once

#include <cstdint>

namespace cllm {

// What a log told that cannot be shown as it should; a plain value.
struct LogFaults {
  uint64_t foreign_lines = 0;   // no records of a log: not JSON, without a step, of a kind that is not known
  uint64_t long_lines = 0;      // longer than any record is
  uint64_t dropped_values = 0;  // of names beyond the number of those that are kept
  uint64_t newest_format =
      0;  // of a log's beginning; above 1: it is of a newer program, and shown as far as understood
};

}  // namespace cllm
