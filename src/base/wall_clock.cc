#include "base/wall_clock.h"

#include <chrono>

namespace cllm {

double WallClockSeconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace cllm
