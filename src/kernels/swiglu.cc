#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/swiglu.cc"
#include "hwy/foreach_target.h"

#include "kernels/access-inl.h"
#include "kernels/swiglu.h"
#include "math/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {

// s = 1 / (1 + e^-x) and 1 - s, neither by subtraction from 1: with e = e^-|x|, the larger is 1 / (1 + e), the smaller
// e / (1 + e). Each is within 4 ulp.
struct Logistic {
  hn::Vec<RowTag> value, complement;
};
HWY_INLINE Logistic LogisticOf(hn::Vec<RowTag> x) {
  const RowTag d;
  const auto one = hn::Set(d, 1.0f);
  const auto e = Exp(d, hn::Neg(hn::Abs(x)));
  const auto larger = hn::Div(one, hn::Add(one, e));
  const auto smaller = hn::Mul(e, larger);
  const auto is_negative = hn::Lt(x, hn::Zero(d));
  return {hn::IfThenElse(is_negative, smaller, larger), hn::IfThenElse(is_negative, larger, smaller)};
}

void SwiGlu(const float* gate, const float* up, size_t stride, size_t rows, size_t n, float* h, size_t h_stride) {
  const RowTag d;
  for (size_t t = 0; t < rows; ++t) {
    const float* HWY_RESTRICT gate_row = gate + t * stride;
    const float* HWY_RESTRICT up_row = up + t * stride;
    float* HWY_RESTRICT h_row = h + t * h_stride;
    ForEachVector(d, n, [=](size_t i, auto access) HWY_ATTR {
      const auto g = access.Load(d, gate_row + i);
      const auto silu = hn::Mul(g, LogisticOf(g).value);
      access.Store(hn::Mul(silu, access.Load(d, up_row + i)), d, h_row + i);
    });
  }
}

void SwiGluBackward(float* d_h, size_t d_h_stride, float* gate, float* up, size_t stride, size_t rows, size_t n) {
  const RowTag d;
  for (size_t t = 0; t < rows; ++t) {
    float* HWY_RESTRICT d_h_row = d_h + t * d_h_stride;
    float* HWY_RESTRICT gate_row = gate + t * stride;
    float* HWY_RESTRICT up_row = up + t * stride;
    ForEachVector(d, n, [=](size_t i, auto access) HWY_ATTR {
      const auto g = access.Load(d, gate_row + i);
      const auto u = access.Load(d, up_row + i);
      const auto dh = access.Load(d, d_h_row + i);
      const auto s = LogisticOf(g);
      const auto silu = hn::Mul(g, s.value);
      const auto derivative = hn::MulAdd(silu, s.complement, s.value);  // s (1 + g (1 - s))
      access.Store(hn::Mul(hn::Mul(dh, u), derivative), d, gate_row + i);
      access.Store(hn::Mul(dh, silu), d, up_row + i);
      access.Store(hn::Mul(silu, u), d, d_h_row + i);
    });
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cllm {

HWY_EXPORT(SwiGlu);
HWY_EXPORT(SwiGluBackward);

void SwiGlu(const float* gate, const float* up, size_t stride, size_t rows, size_t n, float* h, size_t h_stride) {
  HWY_DYNAMIC_DISPATCH(SwiGlu)(gate, up, stride, rows, n, h, h_stride);
}
void SwiGluBackward(float* d_h, size_t d_h_stride, float* gate, float* up, size_t stride, size_t rows, size_t n) {
  HWY_DYNAMIC_DISPATCH(SwiGluBackward)(d_h, d_h_stride, gate, up, stride, rows, n);
}

}  // namespace cllm
#endif  // HWY_ONCE
