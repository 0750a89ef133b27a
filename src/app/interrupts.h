#pragma once

namespace cllm {

// Takes the signals of a command that a person sits at for as long as it lives; then their former handlers return.
//
// SIGINT is remembered (Ctrl-C stops an answer of a conversation, not the program), SIGTERM and SIGHUP (unless it is
// ignored, as by nohup) ask to end in good order, SIGWINCH and SIGCONT say that a line is to be shown anew. SIGPIPE is
// ignored: a lost output is told by whoever writes. One at a time in a process.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  // Whether SIGINT came since the last call.
  bool TakeInterrupt();
  // Whether one came; it stays.
  bool interrupted() const;
  // The signal that asks to end, or 0.
  int stop_signal() const;

  enum class Woken { kInput, kInterrupt, kStop, kShowAnew, kTime };
  // Waits until a descriptor (-1: none) can be read or is at its end, or a signal came, also one from before the call,
  // or that many milliseconds went by (-1: however long it takes).
  Woken WaitFor(int descriptor, int timeout_ms = -1);
};

}  // namespace cllm
