#include "app/signals.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>

namespace cllm {
namespace {

// The one mutable global: a signal handler has no other way to what it should tell.
std::atomic<RunControl*> receiver{nullptr};

constexpr std::array<int, 3> kHandled = {SIGINT, SIGTERM, SIGUSR1};
std::array<struct sigaction, kHandled.size()> former;

void Handle(int signal) {
  RunControl* control = receiver.load(std::memory_order_relaxed);
  if (control == nullptr) return;
  if (signal == SIGUSR1) {
    control->save_now.store(true, std::memory_order_relaxed);
    return;
  }
  if (control->stop_signal.exchange(signal, std::memory_order_relaxed) != 0) _exit(128 + signal);
}

}  // namespace

SignalScope::SignalScope(RunControl& control) {
  receiver.store(&control, std::memory_order_relaxed);
  struct sigaction action = {};
  action.sa_handler = Handle;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < kHandled.size(); ++i) sigaction(kHandled[i], &action, &former[i]);
  signal(SIGPIPE, SIG_IGN);
}

SignalScope::~SignalScope() {
  for (size_t i = 0; i < kHandled.size(); ++i) sigaction(kHandled[i], &former[i], nullptr);
  receiver.store(nullptr, std::memory_order_relaxed);
}

}  // namespace cllm
