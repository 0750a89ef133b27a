#pragma once

#include <cstdint>

namespace cllm {

// What the validation part said of a run's best weights.
struct RunScore {
  uint64_t step = 0;
  double nats = 0;  // per token
  double bits_per_byte = 0;
  bool whole = false;  // over all of the validation part, else over a sample: values of one kind can be compared
};

}  // namespace cllm
