#pragma once

#include <sched.h>

#include <atomic>
#include <chrono>
#include <cstdint>

namespace cllm {

// Whether a waiter may burn processor time before it sleeps. kNever whenever more threads want to run than there are
// cores: the spinning thread would keep the one it waits for from running.
enum class Spin { kNever, kBriefly };

using Clock = std::chrono::steady_clock;

// How long a waiter spins before it sleeps on the futex: longer than the turn from one phase to the next (5 us measured
// on 2 cores), about as long as a sleep and a wake-up cost (20 to 40 us in a virtual machine).
inline constexpr auto kSpinTime = std::chrono::microseconds(40);

inline void PauseProcessor() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// A word that threads wait on until it changes. std::atomic's own wait and notify are not used: notify_all of libstdc++
// makes no system call where it reads that nobody waits, and nothing keeps that reading behind the store before it.
struct WaitWord {
  std::atomic<uint32_t> value = 0;
  mutable std::atomic<uint32_t> sleepers = 0;
};

// Sleeps while the word is `seen`; may return earlier. Not for ever: it returns after a second at the latest, so that a
// wake-up that the system lost costs a second and not the training.
void SleepOn(const WaitWord& word, uint32_t seen);

// After the word was changed: wakes one of those that sleep on it, or all. No system call where nobody sleeps.
void WakeOne(WaitWord& word);
void WakeAll(WaitWord& word);

// Waits until `word` differs from `seen` and returns the new value. The load is an acquire: what the writer did before
// its releasing store is visible afterwards.
// A spinning waiter yields again and again. Where leaves fill the machine, the thread they wait for (Node Zero) has no
// core of its own: with pauses alone it got one only when a leaf had spun out (50 us a phase instead of 5, measured).
inline uint32_t AwaitChange(const WaitWord& word, uint32_t seen, Spin spin) {
  uint32_t now = word.value.load(std::memory_order_acquire);
  if (now == seen && spin == Spin::kBriefly) {
    constexpr int kPausesPerYield = 16;  // about 0.3 us, as much as a yield costs
    const auto deadline = Clock::now() + kSpinTime;
    do {
      sched_yield();
      for (int i = 0; i < kPausesPerYield && now == seen; ++i) {
        PauseProcessor();
        now = word.value.load(std::memory_order_acquire);
      }
    } while (now == seen && Clock::now() < deadline);
  }
  while (now == seen) {
    SleepOn(word, seen);
    now = word.value.load(std::memory_order_acquire);
  }
  return now;
}

inline double Seconds(Clock::duration d) { return std::chrono::duration<double>(d).count(); }

}  // namespace cllm
