#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <functional>

namespace cllm {

// The exit code of a process of its own that does `body`; 128 + the signal's number if one ended it.
inline int InChild(const std::function<int()>& body) {
  const pid_t pid = fork();
  if (pid == 0) _exit(body());
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace cllm
