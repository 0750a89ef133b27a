#include <fmt/format.h>

#include "app/command.h"
#include "kernels/simd.h"
#include "train/training_plan.h"

namespace cllm {

std::string ProgramVersion() { return fmt::format("cllm {}", CLLM_VERSION); }

std::string VersionText() {
  return fmt::format("{} (numerics {}, SIMD {} of {})", ProgramVersion(), kNumerics, SimdName(),
                     fmt::join(SimdTargets(), ", "));
}

}  // namespace cllm
