#include "app/required_processor.h"

namespace cllm {

const char* LackingProcessorFeature() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2")) return "AVX2";
  if (!__builtin_cpu_supports("fma")) return "FMA";
  if (!__builtin_cpu_supports("bmi2")) return "BMI2";
  if (!__builtin_cpu_supports("aes")) return "AES";
#endif
  return nullptr;
}

}  // namespace cllm
