#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/norm.cc"
#include "hwy/foreach_target.h"

#include "kernels/access-inl.h"
#include "kernels/norm.h"

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {

// 1 / sqrt(mean of squares + eps) of one row.
HWY_INLINE float InverseRms(const float* HWY_RESTRICT x, size_t columns, float eps) {
  const RowTag d;
  LaneSum<float> sum;
  ForEachVectorOfBlock(d, columns, [&](size_t i, size_t k, auto access) HWY_ATTR {
    const auto v = access.Load(d, x + i);
    sum.MulAdd(k, v, v);
  });
  const hn::CappedTag<float, 1> d1;
  const float mean = sum.Total() / static_cast<float>(columns);
  return 1.0f / hn::GetLane(hn::Sqrt(hn::Set(d1, mean + eps)));
}

HWY_INLINE void NormalizeRow(const float* HWY_RESTRICT x, const float* HWY_RESTRICT weight, float inverse_rms,
                             size_t columns, float* HWY_RESTRICT y) {
  const RowTag d;
  const auto inverse = hn::Set(d, inverse_rms);
  ForEachVector(d, columns, [=](size_t i, auto access) HWY_ATTR {
    const auto normalized = hn::Mul(access.Load(d, x + i), inverse);
    access.Store(hn::Mul(normalized, access.Load(d, weight + i)), d, y + i);
  });
}

void RmsNorm(const float* x, size_t x_stride, const float* weight, size_t rows, size_t columns, float eps, float* y,
             size_t y_stride, float* inverse_rms) {
  for (size_t t = 0; t < rows; ++t) {
    inverse_rms[t] = InverseRms(x + t * x_stride, columns, eps);
    NormalizeRow(x + t * x_stride, weight, inverse_rms[t], columns, y + t * y_stride);
  }
}

void RmsNormApply(const float* x, size_t x_stride, const float* weight, const float* inverse_rms, size_t rows,
                  size_t columns, float* y, size_t y_stride) {
  for (size_t t = 0; t < rows; ++t) {
    NormalizeRow(x + t * x_stride, weight, inverse_rms[t], columns, y + t * y_stride);
  }
}

// One row of the backward pass: with w_dy = weight * d_y,
// d_x += inverse * w_dy - x * inverse^3 / C * sum(w_dy * x); d_weight += d_y * (x * inverse).
HWY_INLINE void NormBackwardRow(const float* HWY_RESTRICT d_y, const float* HWY_RESTRICT x,
                                const float* HWY_RESTRICT weight, float inverse_rms, size_t columns,
                                float* HWY_RESTRICT d_x, float* HWY_RESTRICT d_weight) {
  const RowTag d;
  LaneSum<float> sum;
  ForEachVectorOfBlock(d, columns, [&](size_t i, size_t k, auto access) HWY_ATTR {
    const auto w_dy = hn::Mul(access.Load(d, weight + i), access.Load(d, d_y + i));
    sum.MulAdd(k, w_dy, access.Load(d, x + i));
  });
  const float cube = inverse_rms * inverse_rms * inverse_rms;
  const auto shared = hn::Set(d, sum.Total() / static_cast<float>(columns) * cube);
  const auto inverse = hn::Set(d, inverse_rms);
  ForEachVector(d, columns, [=](size_t i, auto access) HWY_ATTR {
    const auto dy = access.Load(d, d_y + i);
    const auto v = access.Load(d, x + i);
    const auto w_dy = hn::Mul(access.Load(d, weight + i), dy);
    const auto direct = hn::MulAdd(inverse, w_dy, access.Load(d, d_x + i));
    access.Store(hn::NegMulAdd(v, shared, direct), d, d_x + i);
    access.Store(hn::MulAdd(dy, hn::Mul(v, inverse), access.Load(d, d_weight + i)), d, d_weight + i);
  });
}

void RmsNormBackward(const float* d_y, size_t d_y_stride, const float* x, size_t x_stride, const float* weight,
                     const float* inverse_rms, size_t rows, size_t columns, float* d_x, size_t d_x_stride,
                     float* d_weight) {
  for (size_t t = 0; t < rows; ++t) {
    NormBackwardRow(d_y + t * d_y_stride, x + t * x_stride, weight, inverse_rms[t], columns, d_x + t * d_x_stride,
                    d_weight);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cllm {

HWY_EXPORT(RmsNorm);
HWY_EXPORT(RmsNormApply);
HWY_EXPORT(RmsNormBackward);

void RmsNorm(const float* x, size_t x_stride, const float* weight, size_t rows, size_t columns, float eps, float* y,
             size_t y_stride, float* inverse_rms) {
  HWY_DYNAMIC_DISPATCH(RmsNorm)(x, x_stride, weight, rows, columns, eps, y, y_stride, inverse_rms);
}
void RmsNormApply(const float* x, size_t x_stride, const float* weight, const float* inverse_rms, size_t rows,
                  size_t columns, float* y, size_t y_stride) {
  HWY_DYNAMIC_DISPATCH(RmsNormApply)(x, x_stride, weight, inverse_rms, rows, columns, y, y_stride);
}
void RmsNormBackward(const float* d_y, size_t d_y_stride, const float* x, size_t x_stride, const float* weight,
                     const float* inverse_rms, size_t rows, size_t columns, float* d_x, size_t d_x_stride,
                     float* d_weight) {
  HWY_DYNAMIC_DISPATCH(RmsNormBackward)
  (d_y, d_y_stride, x, x_stride, weight, inverse_rms, rows, columns, d_x, d_x_stride, d_weight);
}

}  // namespace cllm
#endif  // HWY_ONCE
