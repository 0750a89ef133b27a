#include "app/watch_display.h"

#include <signal.h>
#include <unistd.h>

#include <iostream>

namespace cllm {
namespace {

constexpr const char* kOtherScreen = "\033[?1049h\033[?25l";  // and no cursor
constexpr const char* kFormerScreen = "\033[?25h\033[?1049l";

}  // namespace

WatchDisplay::WatchDisplay() {
  // A process in the background would be stopped by asking.
  const bool ours = isatty(STDIN_FILENO) != 0 && tcgetpgrp(STDIN_FILENO) == getpgrp();
  if (ours && tcgetattr(STDIN_FILENO, &former_) == 0) keys_ = STDIN_FILENO;
  Enter();
}

WatchDisplay::~WatchDisplay() { Leave(); }

void WatchDisplay::Enter() {
  if (keys_ >= 0) {
    termios single = former_;
    single.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    single.c_cc[VMIN] = 0;
    single.c_cc[VTIME] = 0;
    single.c_cc[VSUSP] = _POSIX_VDISABLE;  // TakeKey gets it, so that the screen is given back first
    tcsetattr(keys_, TCSADRAIN, &single);
  }
  std::cout << kOtherScreen << std::flush;
}

void WatchDisplay::Leave() {
  std::cout << kFormerScreen << std::flush;
  if (keys_ >= 0) tcsetattr(keys_, TCSADRAIN, &former_);
}

void WatchDisplay::Show(const std::vector<std::string>& lines) {
  std::string picture = "\033[H";
  for (size_t i = 0; i < lines.size(); ++i) picture += (i == 0 ? "" : "\r\n") + lines[i] + "\033[K";
  std::cout << picture << "\033[J" << std::flush;
}

char WatchDisplay::TakeKey() {
  char key = 0;
  if (read(keys_, &key, 1) == 1) return key;
  keys_ = -1;  // the end of the input: nobody types any more
  return 0;
}

void WatchDisplay::Suspend() {
  Leave();
  kill(getpid(), SIGSTOP);
  Enter();
}

}  // namespace cllm
