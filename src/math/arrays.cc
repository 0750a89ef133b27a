#include "math/arrays.h"

#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "math/arrays.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "math/vector-inl.h"

// clang-format off
#define CLLM_FLOAT_FUNCTIONS(X)                                                                       \
  X(Exp) X(Exp2) X(Log) X(Log2) X(Sin) X(Cos) X(Tan) X(Tanh) X(Sqrt) X(Rsqrt) X(Sigmoid) X(Silu)      \
  X(SiluDerivative) X(Floor) X(Ceil) X(Round) X(Trunc) X(Abs)
// clang-format on
#define CLLM_DOUBLE_FUNCTIONS(X) X(Exp) X(Log) X(Sin) X(Cos) X(Sqrt)
#define CLLM_FLOAT_PAIR_FUNCTIONS(X) X(Pow) X(Fmod) X(Min) X(Max) X(CopySign)
#define CLLM_DOUBLE_PAIR_FUNCTIONS(X) X(Pow)

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Calls function(d, vectors of inputs...) for whole vectors and once more for the rest, which is padded with ones.
template <class Function, typename T, typename... Inputs>
HWY_INLINE void ForEachVector(Function function, size_t n, T* out, Inputs... inputs) {
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    const auto first = function(d, hn::LoadU(d, inputs + i)...);
    const auto second = function(d, hn::LoadU(d, inputs + i + lanes)...);
    hn::StoreU(first, d, out + i);
    hn::StoreU(second, d, out + i + lanes);
  }
  for (; i + lanes <= n; i += lanes) hn::StoreU(function(d, hn::LoadU(d, inputs + i)...), d, out + i);
  if (i == n) return;
  const size_t bytes = (n - i) * sizeof(T);
  const auto load_rest = [&](const T* input) CLLM_INLINE_LAMBDA {
    HWY_ALIGN T buffer[hn::MaxLanes(decltype(d)())];
    hn::Store(hn::Set(d, T(1)), d, buffer);
    std::memcpy(buffer, input + i, bytes);
    return hn::Load(d, buffer);
  };
  HWY_ALIGN T buffer[hn::MaxLanes(decltype(d)())];
  hn::Store(function(d, load_rest(inputs)...), d, buffer);
  std::memcpy(out + i, buffer, bytes);
}

#define CLLM_DEFINE(Name, Type, Suffix)                                                   \
  void Name##Suffix(const Type* x, Type* y, size_t n) {                                   \
    ForEachVector([](auto d, auto v) CLLM_INLINE_LAMBDA { return Name(d, v); }, n, y, x); \
  }
#define CLLM_DEFINE_PAIR(Name, Type, Suffix)                                                            \
  void Name##Suffix(const Type* x, const Type* y, Type* z, size_t n) {                                  \
    ForEachVector([](auto d, auto v, auto w) CLLM_INLINE_LAMBDA { return Name(d, v, w); }, n, z, x, y); \
  }
#define CLLM_DEFINE_FLOAT(Name) CLLM_DEFINE(Name, float, Floats)
#define CLLM_DEFINE_DOUBLE(Name) CLLM_DEFINE(Name, double, Doubles)
#define CLLM_DEFINE_FLOAT_PAIR(Name) CLLM_DEFINE_PAIR(Name, float, Floats)
#define CLLM_DEFINE_DOUBLE_PAIR(Name) CLLM_DEFINE_PAIR(Name, double, Doubles)

CLLM_FLOAT_FUNCTIONS(CLLM_DEFINE_FLOAT)
CLLM_DOUBLE_FUNCTIONS(CLLM_DEFINE_DOUBLE)
CLLM_FLOAT_PAIR_FUNCTIONS(CLLM_DEFINE_FLOAT_PAIR)
CLLM_DOUBLE_PAIR_FUNCTIONS(CLLM_DEFINE_DOUBLE_PAIR)

#undef CLLM_DEFINE
#undef CLLM_DEFINE_PAIR
#undef CLLM_DEFINE_FLOAT
#undef CLLM_DEFINE_DOUBLE
#undef CLLM_DEFINE_FLOAT_PAIR
#undef CLLM_DEFINE_DOUBLE_PAIR

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cllm {

#define CLLM_EXPORT_FLOAT(Name) HWY_EXPORT(Name##Floats);
#define CLLM_EXPORT_DOUBLE(Name) HWY_EXPORT(Name##Doubles);
CLLM_FLOAT_FUNCTIONS(CLLM_EXPORT_FLOAT)
CLLM_FLOAT_PAIR_FUNCTIONS(CLLM_EXPORT_FLOAT)
CLLM_DOUBLE_FUNCTIONS(CLLM_EXPORT_DOUBLE)
CLLM_DOUBLE_PAIR_FUNCTIONS(CLLM_EXPORT_DOUBLE)

namespace math {

#define CLLM_CALL_FLOAT(Name) \
  void Name##Array(const float* x, float* y, size_t n) { HWY_DYNAMIC_DISPATCH(Name##Floats)(x, y, n); }
#define CLLM_CALL_DOUBLE(Name) \
  void Name##Array(const double* x, double* y, size_t n) { HWY_DYNAMIC_DISPATCH(Name##Doubles)(x, y, n); }
#define CLLM_CALL_FLOAT_PAIR(Name)                                       \
  void Name##Array(const float* x, const float* y, float* z, size_t n) { \
    HWY_DYNAMIC_DISPATCH(Name##Floats)(x, y, z, n);                      \
  }
#define CLLM_CALL_DOUBLE_PAIR(Name)                                         \
  void Name##Array(const double* x, const double* y, double* z, size_t n) { \
    HWY_DYNAMIC_DISPATCH(Name##Doubles)(x, y, z, n);                        \
  }
CLLM_FLOAT_FUNCTIONS(CLLM_CALL_FLOAT)
CLLM_DOUBLE_FUNCTIONS(CLLM_CALL_DOUBLE)
CLLM_FLOAT_PAIR_FUNCTIONS(CLLM_CALL_FLOAT_PAIR)
CLLM_DOUBLE_PAIR_FUNCTIONS(CLLM_CALL_DOUBLE_PAIR)

}  // namespace math
}  // namespace cllm
#endif  // HWY_ONCE
