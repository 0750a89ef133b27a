#pragma once

#include <cstdint>

namespace cllm {

// What this process has used of the machine, all its threads together. A plain value.
struct ProcessUsage {
  double processor_s = 0;             // of the processors' time, in user and system mode
  uint64_t voluntary_switches = 0;    // a thread waited for something
  uint64_t involuntary_switches = 0;  // a thread was put aside for another

  ProcessUsage& operator+=(const ProcessUsage& other);
  friend ProcessUsage operator-(const ProcessUsage& later, const ProcessUsage& earlier);
};

// Since the process began. Read from the kernel at each call; thread-safe.
ProcessUsage ReadProcessUsage();

}  // namespace cllm
