#include "kernels/simd.h"

#include <cstdint>

#include "hwy/targets.h"

namespace cllm {
namespace {

struct NamedTargets {
  const char* name;
  int64_t mask;
};

// Best first. One name covers every Highway target of that family which this build contains.
constexpr NamedTargets kNamedTargets[] = {
#if HWY_ARCH_X86
    {"avx512", HWY_AVX3 | HWY_AVX3_DL
#ifdef HWY_AVX3_ZEN4
                   | HWY_AVX3_ZEN4
#endif
#ifdef HWY_AVX3_SPR
                   | HWY_AVX3_SPR
#endif
    },
    {"avx2", HWY_AVX2},
#else
    {"neon", HWY_NEON},
#endif
};

// What the processor can run and this build contains, whatever is forced.
int64_t Runnable() {
  static const int64_t runnable = hwy::SupportedTargets() & HWY_TARGETS;
  return runnable;
}

}  // namespace

std::vector<std::string> SimdTargets() {
  std::vector<std::string> names;
  for (const NamedTargets& target : kNamedTargets) {
    if (Runnable() & target.mask) names.emplace_back(target.name);
  }
  return names;
}

std::string SimdName() {
  Runnable();
  for (const NamedTargets& target : kNamedTargets) {
    if (hwy::SupportedTargets() & HWY_TARGETS & target.mask) return target.name;
  }
  return "none";
}

Status ForceSimd(const std::string& name) {
  std::string available;
  for (const NamedTargets& target : kNamedTargets) {
    if ((Runnable() & target.mask) == 0) continue;
    if (name == target.name) {
      hwy::SetSupportedTargetsForTest(Runnable() & target.mask);
      hwy::GetChosenTarget().Update(Runnable() & target.mask);
      return Status();
    }
    available += available.empty() ? target.name : std::string(", ") + target.name;
  }
  return Usage("SIMD target \"" + name + "\" is not available on this machine; available: " + available);
}

}  // namespace cllm
