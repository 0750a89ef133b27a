#pragma once

namespace cllm {

// Takes the signals of a conversation for as long as it lives; then their former handlers return.
//
// SIGINT is remembered (Ctrl-C stops an answer, not the program), SIGTERM and SIGHUP (unless it is ignored, as by nohup)
// ask to end in good order, SIGWINCH and SIGCONT say that a line is to be shown anew. SIGPIPE is ignored: a lost output is
// told by whoever writes. One at a time in a process.
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

  enum class Woken { kInput, kInterrupt, kStop, kShowAnew };
  // Waits until a descriptor can be read (or is at its end), or a signal came, also one from before the call.
  Woken WaitFor(int descriptor);
};

}  // namespace cllm
