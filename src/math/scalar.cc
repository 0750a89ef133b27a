#include "math/scalar.h"

#include "math/vector-inl.h"

namespace cllm::math {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
namespace target = cllm::HWY_NAMESPACE;

// function(d, x) at one lane of the baseline target.
template <typename T, class Function>
T AtOneLane(T x, Function function) {
  const hn::CappedTag<T, 1> d;
  return hn::GetLane(function(d, hn::Set(d, x)));
}

}  // namespace

#define CLLM_SCALAR(Type, Name) \
  Type Name(Type x) { return AtOneLane(x, [](auto d, auto v) { return target::Name(d, v); }); }

CLLM_SCALAR(float, Exp)
CLLM_SCALAR(double, Exp)
CLLM_SCALAR(float, Log)
CLLM_SCALAR(double, Log)
CLLM_SCALAR(float, Sqrt)
CLLM_SCALAR(double, Sqrt)
CLLM_SCALAR(float, Rsqrt)
CLLM_SCALAR(float, Sigmoid)
CLLM_SCALAR(float, Silu)
CLLM_SCALAR(float, SiluDerivative)

#undef CLLM_SCALAR

}  // namespace cllm::math
