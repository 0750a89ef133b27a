#pragma once

#include <cstdint>
#include <optional>
#include <string>

// What the machine and this process have. Read from the kernel at each call; thread-safe.
namespace cllm {

// Memory in bytes. `root` is where /proc and /sys lie, for tests.
struct MachineMemory {
  uint64_t physical = 0;   // of the machine
  uint64_t limit = 0;      // of this process: physical, or the lowest cgroup limit (v1 or v2) above it
  uint64_t available = 0;  // may still be used without swapping: the kernel's estimate, or what the limit leaves
};
MachineMemory ReadMachineMemory(const std::string& root = "/");

// Memory of this process in bytes.
struct ProcessMemory {
  uint64_t resident = 0;       // VmRSS
  uint64_t anonymous = 0;      // RssAnon: resident without mapped files
  uint64_t peak_resident = 0;  // VmHWM
};
ProcessMemory ReadProcessMemory(const std::string& root = "/");
ProcessMemory ReadProcessMemoryOf(int process);  // of another one; zeros where there is none

std::string HostName();                                    // "localhost" if unknown
std::string ProcessorName(const std::string& root = "/");  // "AMD EPYC 7571"; "unknown processor" if unknown

// The value of an environment variable, if it is set.
std::optional<std::string> EnvironmentVariable(const std::string& name);

// "No such file or directory" and the like, of an errno value; with the limit that is behind it (resource_limits.h).
std::string SystemErrorText(int error);

// Seconds of a clock that never goes back; its zero means nothing.
double MonotonicSeconds();

}  // namespace cllm
