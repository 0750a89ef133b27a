#pragma once

#include <functional>

namespace cllm {

// Seconds that never go back; their zero means nothing. MonotonicSeconds (base/system.h) is one, tests have their own.
using SecondsClock = std::function<double()>;

}  // namespace cllm
