#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace cllm {

// Names of the SIMD targets this machine can run, best first: "avx512", "avx2", "neon".
std::vector<std::string> SimdTargets();

// The one in use.
std::string SimdName();

// Uses `name` from now on (CLLM_SIMD). Error: unknown, or not available here; the text lists what is.
// REQUIRES: called before other threads use kernels and before anything is packed.
Status ForceSimd(const std::string& name);

}  // namespace cllm
