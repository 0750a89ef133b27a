#pragma once

#include <string>

// What the kernel tells of a process of this machine. Read at each call; thread-safe.
namespace cllm {

// Whether the process has the file open, as far as this user may know: false for a process of another user.
bool HasOpen(int process, const std::string& path);

// Whether it has a handler for the signal, which else would end it.
bool Handles(int process, int signal);

}  // namespace cllm
