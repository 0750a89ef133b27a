#include <fmt/format.h>

#include "app/command.h"
#include "kernels/simd.h"
#include "train/training_plan.h"

namespace cllm {

std::string VersionText() {
  return fmt::format("cllm {} (numerics {}, SIMD {} of {})", CLLM_VERSION, kNumerics, SimdName(),
                     fmt::join(SimdTargets(), ", "));
}

}  // namespace cllm
