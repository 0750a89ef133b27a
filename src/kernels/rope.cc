#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/rope.cc"
#include "hwy/foreach_target.h"

#include "kernels/access-inl.h"
#include "kernels/rope.h"

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {

// Rotates Lanes(d) adjacent pairs at x: (a, b) -> (a c - b s, b c + a s), the second product fused; s = sign * sine.
template <class D>
HWY_INLINE void RotatePairs(D d, float* HWY_RESTRICT x, const float* HWY_RESTRICT cosines,
                            const float* HWY_RESTRICT sines, float sign) {
  const auto c = hn::LoadU(d, cosines);
  const auto s = hn::Mul(hn::LoadU(d, sines), hn::Set(d, sign));
  hn::VFromD<D> a, b;
  if constexpr (hn::MaxLanes(D()) == 1) {
    a = hn::LoadU(d, x);
    b = hn::LoadU(d, x + 1);
  } else {
    hn::LoadInterleaved2(d, x, a, b);
  }
  const auto rotated_a = hn::NegMulAdd(b, s, hn::Mul(a, c));
  const auto rotated_b = hn::MulAdd(a, s, hn::Mul(b, c));
  if constexpr (hn::MaxLanes(D()) == 1) {
    hn::StoreU(rotated_a, d, x);
    hn::StoreU(rotated_b, d, x + 1);
  } else {
    hn::StoreInterleaved2(rotated_a, rotated_b, d, x);
  }
}

// One head: full vectors of pairs, then vectors of four, then single pairs.
HWY_INLINE void RotateHead(float* HWY_RESTRICT x, size_t pairs, const float* cosines, const float* sines, float sign) {
  const RowTag d;
  const hn::CappedTag<float, 4> d4;
  const hn::CappedTag<float, 1> d1;
  size_t j = 0;
  for (; j + hn::Lanes(d) <= pairs; j += hn::Lanes(d)) RotatePairs(d, x + 2 * j, cosines + j, sines + j, sign);
  for (; j + 4 <= pairs; j += 4) RotatePairs(d4, x + 2 * j, cosines + j, sines + j, sign);
  for (; j < pairs; ++j) RotatePairs(d1, x + 2 * j, cosines + j, sines + j, sign);
}

void RotateRows(float* x, size_t x_stride, size_t rows, size_t heads, size_t head_dim, size_t first_position,
                const float* cosines, const float* sines, float sign) {
  const size_t pairs = head_dim / 2;
  for (size_t t = 0; t < rows; ++t) {
    const size_t table_row = (first_position + t) * pairs;
    for (size_t h = 0; h < heads; ++h) {
      RotateHead(x + t * x_stride + h * head_dim, pairs, cosines + table_row, sines + table_row, sign);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cllm {

HWY_EXPORT(RotateRows);

void Rope(float* x, size_t x_stride, size_t rows, size_t heads, size_t head_dim, size_t first_position,
          const float* cosines, const float* sines) {
  HWY_DYNAMIC_DISPATCH(RotateRows)(x, x_stride, rows, heads, head_dim, first_position, cosines, sines, 1.0f);
}
void RopeBackward(float* d_x, size_t d_x_stride, size_t rows, size_t heads, size_t head_dim, size_t first_position,
                  const float* cosines, const float* sines) {
  HWY_DYNAMIC_DISPATCH(RotateRows)(d_x, d_x_stride, rows, heads, head_dim, first_position, cosines, sines, -1.0f);
}

}  // namespace cllm
#endif  // HWY_ONCE
