#pragma once

#include <cstddef>

#include "math/arrays.h"
#include "math/scalar.h"

// Every function in its scalar and its array form.
namespace cllm::math {

template <typename T>
struct OneArgument {
  const char* name;
  T (*scalar)(T);
  void (*array)(const T*, T*, size_t);
};

template <typename T>
struct TwoArguments {
  const char* name;
  T (*scalar)(T, T);
  void (*array)(const T*, const T*, T*, size_t);
};

#define CLLM_ENTRY(Name) \
  { #Name, Name, Name##Array }

inline constexpr OneArgument<float> kFloatFunctions[] = {
    CLLM_ENTRY(Exp),
    CLLM_ENTRY(Exp2),
    CLLM_ENTRY(Log),
    CLLM_ENTRY(Log2),
    CLLM_ENTRY(Sin),
    CLLM_ENTRY(Cos),
    CLLM_ENTRY(Tan),
    CLLM_ENTRY(Tanh),
    CLLM_ENTRY(Sqrt),
    CLLM_ENTRY(Rsqrt),
    CLLM_ENTRY(Sigmoid),
    CLLM_ENTRY(Silu),
    CLLM_ENTRY(SiluDerivative),
    CLLM_ENTRY(Floor),
    CLLM_ENTRY(Ceil),
    CLLM_ENTRY(Round),
    CLLM_ENTRY(Trunc),
    CLLM_ENTRY(Abs),
};
inline constexpr OneArgument<double> kDoubleFunctions[] = {
    CLLM_ENTRY(Exp), CLLM_ENTRY(Log), CLLM_ENTRY(Sin), CLLM_ENTRY(Cos), CLLM_ENTRY(Sqrt),
};
inline constexpr TwoArguments<float> kFloatPairFunctions[] = {
    CLLM_ENTRY(Pow), CLLM_ENTRY(Fmod), CLLM_ENTRY(Min), CLLM_ENTRY(Max), CLLM_ENTRY(CopySign),
};
inline constexpr TwoArguments<double> kDoublePairFunctions[] = {
    CLLM_ENTRY(Pow),
};

#undef CLLM_ENTRY

}  // namespace cllm::math
