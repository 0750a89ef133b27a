#pragma once

#include <termios.h>

#include <string>
#include <vector>

namespace cllm {

// The screen of a terminal (standard output) that shows one picture after the other, beside what stood there before,
// which is there again when this ends. Keys of standard input come singly where that is the same terminal. One at a
// time.
class WatchDisplay {
 public:
  WatchDisplay();
  ~WatchDisplay();
  WatchDisplay(const WatchDisplay&) = delete;
  WatchDisplay& operator=(const WatchDisplay&) = delete;

  // Shows lines that fit the window in place of those before.
  void Show(const std::vector<std::string>& lines);

  // What to wait for to be read, or -1: no keys come.
  int keys() const { return keys_; }
  // The key that was typed, or 0. REQUIRES: keys() can be read.
  char TakeKey();
  // Gives the terminal back and stops the process, as Ctrl-Z does; takes it again when it goes on.
  void Suspend();

 private:
  void Enter();
  void Leave();

  int keys_ = -1;
  termios former_ = {};
};

}  // namespace cllm
