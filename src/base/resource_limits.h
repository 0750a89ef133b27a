#pragma once

#include <cstdint>
#include <optional>
#include <string>

// What the system lets this process have (setrlimit(2), control groups), so that a message can name the limit that was
// met and how it is seen and raised. Read at each call; thread-safe. `root` is where /proc and /sys lie, for tests.
namespace cllm {

// " (at most 64 may be open: ulimit -n)" for an errno value that one of this process's limits may be behind and that is
// set: EMFILE, EFBIG, ENOMEM. Else "".
std::string LimitBehind(int error);

// The tightest limit of memory that this process has of its own, if it has one.
struct MemoryLimit {
  uint64_t bytes = 0;
  uint64_t left = 0;
  std::string name;  // "ulimit -v"
};
std::optional<MemoryLimit> OwnMemoryLimit(const std::string& root = "/");

// Why memory could not be had: "memory ran out at 512.0 MiB; this process may have 600.0 MiB (ulimit -v)".
std::string WhyNoMemory(const std::string& root = "/");

// Why a thread could not be started just now, and what to do: "this user may have 20 processes and threads (ulimit
// -u)". Tells address space for its stack, the control group's pids.max, and the user's number of processes apart.
std::string WhyNoThread(const std::string& root = "/");

}  // namespace cllm
