#include "terminal/signals.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace cllm {
namespace {

constexpr int64_t kRepeat_s = 3;
constexpr std::array<int, 5> kHandled = {SIGINT, SIGTERM, SIGHUP, SIGXCPU, SIGUSR1};

// What a handler works with, the one mutable global: it has no other way to what it should tell. The strings are
// written while no handler is installed.
struct Receiver {
  std::atomic<RunControl*> control{nullptr};
  std::atomic<bool> preparing{false};
  std::atomic<bool> repeats_are_one{false};
  std::atomic<int64_t> stopped_at{0};  // in seconds of the monotonic clock
  std::array<char, 512> sentence{};
  std::array<char, 4096> cache{};
  std::array<char, 32> temporary{};  // part of the names of this process's temporary files
};
Receiver receiver;
std::array<struct sigaction, kHandled.size()> former;
sighandler_t former_pipe = SIG_DFL;

template <size_t n>
void Keep(std::array<char, n>& place, const std::string& text) {
  place.fill('\0');
  if (text.size() < n) text.copy(place.data(), text.size());
}

// Of getdents64(2).
struct Entry {
  uint64_t inode;
  int64_t offset;
  uint16_t bytes;
  uint8_t type;
  char name[1];
};

// With nothing but what a signal handler may call.
void RemoveTemporaryFiles() {
  const int directory = open(receiver.cache.data(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return;
  alignas(Entry) std::array<char, 2048> entries;
  for (long got; (got = syscall(SYS_getdents64, directory, entries.data(), entries.size())) > 0;) {
    for (long at = 0; at < got;) {
      const char* entry = entries.data() + at;
      const char* name = entry + offsetof(Entry, name);
      if (std::strstr(name, receiver.temporary.data()) != nullptr) unlinkat(directory, name, 0);
      at += reinterpret_cast<const Entry*>(entry)->bytes;
    }
  }
  close(directory);
}

[[noreturn]] void EndAtOnce(int signal) {
  RemoveTemporaryFiles();
  const ssize_t told = write(STDERR_FILENO, receiver.sentence.data(), std::strlen(receiver.sentence.data()));
  static_cast<void>(told);
  _exit(128 + signal);
}

int64_t Seconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

// Whether this is the first stop.
bool StopFor(RunControl& control, int signal) {
  int none = 0;
  if (!control.stop_signal.compare_exchange_strong(none, signal, std::memory_order_relaxed)) return false;
  receiver.stopped_at.store(Seconds(), std::memory_order_relaxed);
  return true;
}

void Handle(int signal) {
  const int error = errno;
  RunControl* control = receiver.control.load(std::memory_order_relaxed);
  if (control == nullptr) return;
  if (signal == SIGUSR1) {
    control->save_now.store(true, std::memory_order_relaxed);
  } else if (receiver.preparing.load(std::memory_order_relaxed)) {
    EndAtOnce(signal);
  } else if (signal == SIGHUP || signal == SIGXCPU) {
    StopFor(*control, signal);
  } else if (!StopFor(*control, signal) &&
             (!receiver.repeats_are_one.load(std::memory_order_relaxed) ||
              Seconds() - receiver.stopped_at.load(std::memory_order_relaxed) > kRepeat_s)) {
    _exit(128 + signal);
  }
  errno = error;
}

// nohup and the like: whoever started the program wants it to outlive the terminal.
bool IsIgnored(int signal) {
  struct sigaction action = {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

SignalScope::SignalScope(RunControl& control, const std::string& kept, const std::string& cache) {
  // A line of progress may be open on a terminal.
  Keep(receiver.sentence, fmt::format("{}cllm: stopped before the training began; {}\n",
                                      isatty(STDERR_FILENO) != 0 ? "\n" : "", kept));
  Keep(receiver.cache, cache);
  Keep(receiver.temporary, fmt::format(".tmp-{}-", getpid()));
  receiver.control.store(&control, std::memory_order_relaxed);
  receiver.preparing.store(true, std::memory_order_relaxed);
  receiver.repeats_are_one.store(false, std::memory_order_relaxed);
  struct sigaction action = {};
  action.sa_handler = Handle;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < kHandled.size(); ++i) {
    const bool stays = kHandled[i] == SIGHUP && IsIgnored(SIGHUP);
    sigaction(kHandled[i], stays ? nullptr : &action, &former[i]);
  }
  former_pipe = signal(SIGPIPE, SIG_IGN);
}

SignalScope::~SignalScope() {
  for (size_t i = 0; i < kHandled.size(); ++i) sigaction(kHandled[i], &former[i], nullptr);
  signal(SIGPIPE, former_pipe);
  receiver.control.store(nullptr, std::memory_order_relaxed);
}

void SignalScope::TakeRepeatsAsOne() { receiver.repeats_are_one.store(true, std::memory_order_relaxed); }

void SignalScope::LeaveStopsToTheRun() { receiver.preparing.store(false, std::memory_order_relaxed); }

}  // namespace cllm
