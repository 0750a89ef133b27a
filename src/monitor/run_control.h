#pragma once

#include <atomic>

namespace cllm {

// What others ask of a run. Written by signal handlers and other threads, read by Node Zero between steps. Each request
// is answered once, however often it was made until then; none changes the weights that the run ends with, but for a
// stop. Relaxed order is enough: no other data goes with a request.
struct RunControl {
  std::atomic<int> stop_signal{0};  // SIGINT, SIGTERM, SIGHUP: finish the step, save, end
  std::atomic<bool> save_now{false};
  std::atomic<bool> evaluate_now{false};  // an evaluation that is told and decides nothing
  std::atomic<bool> sample_now{false};

  // True once for each request.
  static bool Take(std::atomic<bool>& request) {
    return request.load(std::memory_order_relaxed) && request.exchange(false, std::memory_order_relaxed);
  }
};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free,
              "signal handlers write a RunControl");

}  // namespace cllm
