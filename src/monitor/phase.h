#pragma once

#include <string>
#include <utility>

#include "monitor/run_observer.h"

namespace cllm {

// A phase that lasts as long as this: told at its start, while it goes on, and at its end. One thread only.
class Phase {
 public:
  Phase(RunObserver& observer, std::string name) : observer_(observer), name_(std::move(name)) {
    observer_.OnPhase({.name = name_});
  }
  ~Phase() { observer_.OnPhase({}); }
  Phase(const Phase&) = delete;
  Phase& operator=(const Phase&) = delete;

  // share: that is done, [0, 1].
  void Done(double share) { observer_.OnPhase({.name = name_, .share = share}); }

 private:
  RunObserver& observer_;
  const std::string name_;
};

}  // namespace cllm
