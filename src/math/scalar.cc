#include "math/scalar.h"

#include "math/vector-inl.h"

namespace cllm::math {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
namespace target = cllm::HWY_NAMESPACE;

// function(d, x...) at one lane of the baseline target.
template <class Function, typename T, typename... Rest>
T AtOneLane(Function function, T x, Rest... rest) {
  const hn::CappedTag<T, 1> d;
  return hn::GetLane(function(d, hn::Set(d, x), hn::Set(d, rest)...));
}

// The same for a function that gives a mask.
template <class Function, typename T>
bool IsTrueAtOneLane(Function function, T x) {
  const hn::CappedTag<T, 1> d;
  return !hn::AllFalse(d, function(d, hn::Set(d, x)));
}

}  // namespace

#define CLLM_ONE_ARGUMENT(Type, Name)                                       \
  Type Name(Type x) {                                                       \
    return AtOneLane([](auto d, auto v) { return target::Name(d, v); }, x); \
  }
#define CLLM_TWO_ARGUMENTS(Type, Name)                                                    \
  Type Name(Type x, Type y) {                                                             \
    return AtOneLane([](auto d, auto v, auto w) { return target::Name(d, v, w); }, x, y); \
  }
#define CLLM_PREDICATE(Type, Name)                                                \
  bool Name(Type x) {                                                             \
    return IsTrueAtOneLane([](auto d, auto v) { return target::Name(d, v); }, x); \
  }

CLLM_ONE_ARGUMENT(float, Exp)
CLLM_ONE_ARGUMENT(double, Exp)
CLLM_ONE_ARGUMENT(float, Exp2)
CLLM_ONE_ARGUMENT(float, Log)
CLLM_ONE_ARGUMENT(double, Log)
CLLM_ONE_ARGUMENT(float, Log2)
CLLM_ONE_ARGUMENT(float, Sin)
CLLM_ONE_ARGUMENT(double, Sin)
CLLM_ONE_ARGUMENT(float, Cos)
CLLM_ONE_ARGUMENT(double, Cos)
CLLM_ONE_ARGUMENT(float, Tan)
CLLM_ONE_ARGUMENT(float, Tanh)
CLLM_ONE_ARGUMENT(float, Sqrt)
CLLM_ONE_ARGUMENT(double, Sqrt)
CLLM_ONE_ARGUMENT(float, Rsqrt)
CLLM_TWO_ARGUMENTS(float, Pow)
CLLM_TWO_ARGUMENTS(double, Pow)
CLLM_ONE_ARGUMENT(float, Sigmoid)
CLLM_ONE_ARGUMENT(float, Silu)
CLLM_ONE_ARGUMENT(float, SiluDerivative)
CLLM_TWO_ARGUMENTS(float, Fmod)
CLLM_ONE_ARGUMENT(float, Floor)
CLLM_ONE_ARGUMENT(double, Floor)
CLLM_ONE_ARGUMENT(float, Ceil)
CLLM_ONE_ARGUMENT(double, Ceil)
CLLM_ONE_ARGUMENT(float, Round)
CLLM_ONE_ARGUMENT(double, Round)
CLLM_ONE_ARGUMENT(float, Trunc)
CLLM_ONE_ARGUMENT(double, Trunc)
CLLM_ONE_ARGUMENT(float, Abs)
CLLM_ONE_ARGUMENT(double, Abs)
CLLM_TWO_ARGUMENTS(float, Min)
CLLM_TWO_ARGUMENTS(float, Max)
CLLM_TWO_ARGUMENTS(float, CopySign)
CLLM_PREDICATE(float, IsNan)
CLLM_PREDICATE(double, IsNan)
CLLM_PREDICATE(float, IsInf)
CLLM_PREDICATE(double, IsInf)

#undef CLLM_ONE_ARGUMENT
#undef CLLM_TWO_ARGUMENTS
#undef CLLM_PREDICATE

}  // namespace cllm::math
