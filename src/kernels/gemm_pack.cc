#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gemm_pack.cc"
#include "hwy/foreach_target.h"

#include "kernels/gemm_block-inl.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "hwy/highway.h"
#include "kernels/gemm.h"

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {

size_t PanelWidth() { return kPanelWidth; }

void PackRowsInto(const float* b, size_t stride, size_t depth, size_t columns, float* out) {
  RelayRight(b, stride, depth, columns, out);
}

// out[i * kPanelWidth + j] = b[j * stride + i] for i, j in 0..3.
HWY_INLINE void Transpose4x4(const float* HWY_RESTRICT b, size_t stride, float* HWY_RESTRICT out) {
  const hn::CappedTag<float, 4> d;
  const hn::Repartition<uint64_t, decltype(d)> d_pair;
  const auto row0 = hn::LoadU(d, b), row1 = hn::LoadU(d, b + stride);
  const auto row2 = hn::LoadU(d, b + 2 * stride), row3 = hn::LoadU(d, b + 3 * stride);
  const auto low01 = hn::BitCast(d_pair, hn::InterleaveLower(d, row0, row1));
  const auto low23 = hn::BitCast(d_pair, hn::InterleaveLower(d, row2, row3));
  const auto high01 = hn::BitCast(d_pair, hn::InterleaveUpper(d, row0, row1));
  const auto high23 = hn::BitCast(d_pair, hn::InterleaveUpper(d, row2, row3));
  hn::Store(hn::BitCast(d, hn::InterleaveLower(d_pair, low01, low23)), d, out);
  hn::Store(hn::BitCast(d, hn::InterleaveUpper(d_pair, low01, low23)), d, out + kPanelWidth);
  hn::Store(hn::BitCast(d, hn::InterleaveLower(d_pair, high01, high23)), d, out + 2 * kPanelWidth);
  hn::Store(hn::BitCast(d, hn::InterleaveUpper(d_pair, high01, high23)), d, out + 3 * kPanelWidth);
}

// One panel of which `width` columns exist.
void PackColumnsPanel(const float* b, size_t stride, size_t depth, size_t width, float* out) {
  const size_t whole_depth = depth / 4 * 4, whole_width = width / 4 * 4;
  for (size_t k = 0; k < whole_depth; k += 4) {
    for (size_t n = 0; n < whole_width; n += 4) Transpose4x4(b + n * stride + k, stride, out + k * kPanelWidth + n);
  }
  for (size_t k = 0; k < depth; ++k) {
    float* row = out + k * kPanelWidth;
    for (size_t n = k < whole_depth ? whole_width : 0; n < width; ++n) row[n] = b[n * stride + k];
    for (size_t n = width; n < kPanelWidth; ++n) row[n] = 0;
  }
}

void PackColumnsInto(const float* b, size_t stride, size_t depth, size_t columns, float* out) {
  for (size_t column = 0; column < columns; column += kPanelWidth) {
    PackColumnsPanel(b + column * stride, stride, depth, std::min(kPanelWidth, columns - column), out + column * depth);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cllm {
namespace {

HWY_EXPORT(PanelWidth);
HWY_EXPORT(PackRowsInto);
HWY_EXPORT(PackColumnsInto);

size_t WidthInUse() { return HWY_DYNAMIC_DISPATCH(PanelWidth)(); }

bool IsAligned(const float* data) { return reinterpret_cast<uintptr_t>(data) % 64 == 0; }

}  // namespace

Panels Panels::SliceDepth(size_t begin, size_t end) const {
  CHECK(begin <= end && end <= depth);
  Panels slice = *this;
  slice.data += begin * WidthInUse();
  slice.depth = end - begin;
  return slice;
}

Panels Panels::SliceColumns(size_t begin, size_t end) const {
  CHECK(begin <= end && end <= columns && begin % kPanelAlignment == 0);
  Panels slice = *this;
  slice.data += begin / WidthInUse() * panel_stride;
  slice.columns = end - begin;
  return slice;
}

size_t PackedSize(size_t depth, size_t columns) {
  return depth * ((columns + kPanelAlignment - 1) / kPanelAlignment * kPanelAlignment);
}

Panels PackRows(const float* b, size_t stride, size_t depth, size_t columns, float* out) {
  CHECK(IsAligned(out));
  HWY_DYNAMIC_DISPATCH(PackRowsInto)(b, stride, depth, columns, out);
  return PackedView(out, depth, columns);
}

Panels PackColumns(const float* b, size_t stride, size_t depth, size_t columns, float* out) {
  CHECK(IsAligned(out));
  HWY_DYNAMIC_DISPATCH(PackColumnsInto)(b, stride, depth, columns, out);
  return PackedView(out, depth, columns);
}

Panels PackedView(const float* packed, size_t depth, size_t columns) {
  return {.data = packed, .panel_stride = depth * WidthInUse(), .depth = depth, .columns = columns};
}

}  // namespace cllm
#endif  // HWY_ONCE
