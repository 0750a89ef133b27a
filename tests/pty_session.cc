#include "pty_session.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

namespace cllm::testing {

PtySession::PtySession(const Sandbox& box, std::vector<std::string> arguments,
                       const std::vector<std::string>& environment) {
  winsize size{.ws_row = 50, .ws_col = 200, .ws_xpixel = 0, .ws_ypixel = 0};
  pid_ = forkpty(&terminal_, nullptr, nullptr, &size);
  if (pid_ != 0) return;
  setenv("CLLM_CACHE", box.path("cache").c_str(), 1);
  setenv("TERM", "xterm", 1);
  setenv("HOME", box.path("home").c_str(), 1);
  unsetenv("NO_COLOR");
  for (const std::string& one : environment) {
    setenv(one.substr(0, one.find('=')).c_str(), one.substr(one.find('=') + 1).c_str(), 1);
  }
  std::vector<char*> argv = {const_cast<char*>("cllm")};
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  if (chdir(box.path(".").c_str()) != 0) _exit(126);
  execv(ProgramPath().c_str(), argv.data());
  _exit(127);
}

PtySession::~PtySession() {
  if (pid_ > 0) End();
}

void PtySession::Type(std::string_view keys) {
  ASSERT_EQ(write(terminal_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
}

void PtySession::Resize(size_t columns, size_t rows) {
  const winsize size{.ws_row = static_cast<unsigned short>(rows),
                     .ws_col = static_cast<unsigned short>(columns),
                     .ws_xpixel = 0,
                     .ws_ypixel = 0};
  ASSERT_EQ(ioctl(terminal_, TIOCSWINSZ, &size), 0);
}

bool PtySession::ReadMore() {
  char buffer[4096];
  const ssize_t n = read(terminal_, buffer, sizeof buffer);
  if (n > 0) shown_.append(buffer, static_cast<size_t>(n));
  return n > 0;
}

std::string PtySession::Expect(std::string_view text) {
  size_t at = shown_.find(text, found_);
  while (at == std::string::npos && ReadMore()) at = shown_.find(text, found_);
  if (at == std::string::npos) {
    ADD_FAILURE() << "ended without '" << text << "' after:\n" << shown_;
    return "";
  }
  const std::string before = shown_.substr(found_, at - found_);
  found_ = at + text.size();
  return before;
}

int PtySession::End() {
  while (ReadMore()) {
  }
  int status = 0;
  waitpid(pid_, &status, 0);
  close(terminal_);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace cllm::testing
