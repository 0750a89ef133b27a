#include "base/process_usage.h"

#include <sys/resource.h>
#include <time.h>

#include "base/check.h"

namespace cllm {

ProcessUsage& ProcessUsage::operator+=(const ProcessUsage& other) {
  processor_s += other.processor_s;
  voluntary_switches += other.voluntary_switches;
  involuntary_switches += other.involuntary_switches;
  return *this;
}

ProcessUsage operator-(const ProcessUsage& later, const ProcessUsage& earlier) {
  return {later.processor_s - earlier.processor_s, later.voluntary_switches - earlier.voluntary_switches,
          later.involuntary_switches - earlier.involuntary_switches};
}

// The clock counts nanoseconds; getrusage's times are cut into user and system by ticks.
ProcessUsage ReadProcessUsage() {
  timespec time{};
  rusage usage{};
  CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0);
  CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
  return {static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec),
          static_cast<uint64_t>(usage.ru_nvcsw), static_cast<uint64_t>(usage.ru_nivcsw)};
}

}  // namespace cllm
