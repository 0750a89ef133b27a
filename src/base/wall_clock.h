#pragma once

namespace cllm {

// Seconds since 1970, by the system's clock.
double WallClockSeconds();

}  // namespace cllm
