#include "app/interrupts.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>

#include "base/check.h"

namespace cllm {
namespace {

constexpr std::array<int, 6> kHandled = {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGCONT, SIGPIPE};

// What the handler writes to, as in signals.cc: it has no other way.
struct Arrived {
  std::atomic<bool> interrupt{false}, show_anew{false};
  std::atomic<int> stop{0};
  std::array<int, 2> pipe = {-1, -1};  // wakes WaitFor, whichever thread the signal came to
};
Arrived arrived;
std::array<struct sigaction, kHandled.size()> former;

void Handle(int signal) {
  const int error = errno;
  switch (signal) {
    case SIGINT: arrived.interrupt.store(true, std::memory_order_relaxed); break;
    case SIGTERM:
    case SIGHUP: arrived.stop.store(signal, std::memory_order_relaxed); break;
    default: arrived.show_anew.store(true, std::memory_order_relaxed); break;
  }
  const char byte = 0;
  const ssize_t written = write(arrived.pipe[1], &byte, 1);  // a full pipe wakes as well
  static_cast<void>(written);
  errno = error;
}

bool IsIgnored(int signal) {
  struct sigaction action = {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

void EmptyPipe() {
  std::array<char, 64> bytes;
  while (read(arrived.pipe[0], bytes.data(), bytes.size()) > 0) {
  }
}

}  // namespace

Interrupts::Interrupts() {
  CHECK(pipe2(arrived.pipe.data(), O_CLOEXEC | O_NONBLOCK) == 0);
  arrived.interrupt = arrived.show_anew = false;
  arrived.stop = 0;
  struct sigaction action = {};
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < kHandled.size(); ++i) {
    const bool ignore = kHandled[i] == SIGPIPE || (kHandled[i] == SIGHUP && IsIgnored(SIGHUP));
    action.sa_handler = ignore ? SIG_IGN : Handle;
    sigaction(kHandled[i], &action, &former[i]);
  }
}

Interrupts::~Interrupts() {
  for (size_t i = 0; i < kHandled.size(); ++i) sigaction(kHandled[i], &former[i], nullptr);
  close(arrived.pipe[0]);
  close(arrived.pipe[1]);
}

bool Interrupts::TakeInterrupt() { return arrived.interrupt.exchange(false, std::memory_order_relaxed); }
bool Interrupts::interrupted() const { return arrived.interrupt.load(std::memory_order_relaxed); }
int Interrupts::stop_signal() const { return arrived.stop.load(std::memory_order_relaxed); }

Interrupts::Woken Interrupts::WaitFor(int descriptor, int timeout_ms) {
  while (true) {
    if (stop_signal() != 0) return Woken::kStop;
    if (TakeInterrupt()) return Woken::kInterrupt;
    if (arrived.show_anew.exchange(false, std::memory_order_relaxed)) return Woken::kShowAnew;
    std::array<pollfd, 2> waited = {{{.fd = descriptor, .events = POLLIN, .revents = 0},
                                     {.fd = arrived.pipe[0], .events = POLLIN, .revents = 0}}};
    const int ready = poll(waited.data(), waited.size(), timeout_ms);
    if (ready < 0) continue;  // a signal
    if (ready == 0) return Woken::kTime;
    if (waited[1].revents != 0) {
      EmptyPipe();
      continue;
    }
    return Woken::kInput;
  }
}

}  // namespace cllm
