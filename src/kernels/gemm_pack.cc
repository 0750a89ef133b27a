#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gemm_pack.cc"
#include "hwy/foreach_target.h"

#include "kernels/gemm_tile-inl.h"

#include <cstring>

#include "base/check.h"
#include "kernels/gemm.h"

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {

size_t PanelWidth() { return kPanelWidth; }

void PackRowsInto(const float* b, size_t stride, size_t depth, size_t columns, float* out) {
  for (size_t begin = 0; begin < columns; begin += kPanelWidth) {
    const size_t width = std::min(kPanelWidth, columns - begin);
    for (size_t k = 0; k < depth; ++k, out += kPanelWidth) {
      std::memcpy(out, b + k * stride + begin, width * sizeof(float));
      std::memset(out + width, 0, (kPanelWidth - width) * sizeof(float));
    }
  }
}

void PackColumnsInto(const float* b, size_t stride, size_t depth, size_t columns, float* out) {
  for (size_t begin = 0; begin < columns; begin += kPanelWidth, out += depth * kPanelWidth) {
    const size_t width = std::min(kPanelWidth, columns - begin);
    for (size_t k = 0; k < depth; ++k) {
      for (size_t n = 0; n < width; ++n) out[k * kPanelWidth + n] = b[(begin + n) * stride + k];
      for (size_t n = width; n < kPanelWidth; ++n) out[k * kPanelWidth + n] = 0;
    }
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
  HWY_DYNAMIC_DISPATCH(PackRowsInto)(b, stride, depth, columns, out);
  return PackedView(out, depth, columns);
}

Panels PackColumns(const float* b, size_t stride, size_t depth, size_t columns, float* out) {
  HWY_DYNAMIC_DISPATCH(PackColumnsInto)(b, stride, depth, columns, out);
  return PackedView(out, depth, columns);
}

Panels PackedView(const float* packed, size_t depth, size_t columns) {
  return {.data = packed, .panel_stride = depth * WidthInUse(), .depth = depth, .columns = columns};
}

}  // namespace cllm
#endif  // HWY_ONCE
