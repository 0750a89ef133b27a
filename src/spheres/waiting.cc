#include "spheres/waiting.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <climits>

namespace cllm {
namespace {

void Futex(const std::atomic<uint32_t>& word, int operation, uint32_t value, const timespec* limit) {
  static_assert(sizeof(word) == sizeof(uint32_t));
  syscall(SYS_futex, &word, operation | FUTEX_PRIVATE_FLAG, value, limit);
}

void Wake(WaitWord& word, int threads) {
  // Adding nothing, instead of a load: it stays behind the change of the word, as a sleeper's look at the word stays
  // behind its own addition. So either the sleeper is seen here, or the change there.
  if (word.sleepers.fetch_add(0, std::memory_order_seq_cst) == 0) return;
  Futex(word.value, FUTEX_WAKE, static_cast<uint32_t>(threads), nullptr);
}

}  // namespace

void SleepOn(const WaitWord& word, uint32_t seen) {
  constexpr timespec kLongest = {.tv_sec = 1, .tv_nsec = 0};
  // A system call costs more than a moment of looking, and yielding lets the thread on that is waited for: without
  // these a small model trains at 0.73 of the speed.
  constexpr int kPauses = 12, kYields = 4;
  for (int i = 0; i < kPauses + kYields; ++i) {
    if (word.value.load(std::memory_order_acquire) != seen) return;
    if (i < kPauses) {
      PauseProcessor();
    } else {
      sched_yield();
    }
  }
  word.sleepers.fetch_add(1, std::memory_order_seq_cst);
  // The system compares once more, and returns at once where the word has changed.
  if (word.value.load(std::memory_order_seq_cst) == seen) Futex(word.value, FUTEX_WAIT, seen, &kLongest);
  word.sleepers.fetch_sub(1, std::memory_order_relaxed);
}

void WakeOne(WaitWord& word) { Wake(word, 1); }
void WakeAll(WaitWord& word) { Wake(word, INT_MAX); }

}  // namespace cllm
