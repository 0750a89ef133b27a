#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gemm/panels.cc"
#include "hwy/foreach_target.h"

#include "kernels/gemm/compressed-inl.h"
#include "kernels/gemm/pack_right-inl.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "hwy/highway.h"
#include "kernels/gemm/operand_words-inl.h"
#include "kernels/gemm/panels.h"
#include "kernels/quantize.h"

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {

size_t PanelWidth() { return kPanelWidth; }
bool LacksBf16Dot() { return OperandWordsOf(Precision::kBf16) != OperandWords::kBf16Pairs; }
size_t PanelWords(size_t depth, PanelFormat format) {
  if (format.storage() == Storage::kBf16) return Bf16Rows::Words(depth);
  if (format.storage() == Storage::kQ8) return Q8Rows::Words(depth);
  return WordCount(OperandWordsOf(format.precision()), depth);
}

// Puts B(k..k+3, 0..3) = b[n * stride + k] into a panel.
template <OperandWords kWords>
HWY_INLINE void Pack4x4(const float* HWY_RESTRICT b, size_t stride, float* HWY_RESTRICT out) {
  const hn::CappedTag<float, 4> d;
  const hn::Repartition<uint64_t, decltype(d)> d_pair;
  const auto row0 = hn::LoadU(d, b), row1 = hn::LoadU(d, b + stride);
  const auto row2 = hn::LoadU(d, b + 2 * stride), row3 = hn::LoadU(d, b + 3 * stride);
  const auto low01 = hn::BitCast(d_pair, hn::InterleaveLower(d, row0, row1));
  const auto low23 = hn::BitCast(d_pair, hn::InterleaveLower(d, row2, row3));
  const auto high01 = hn::BitCast(d_pair, hn::InterleaveUpper(d, row0, row1));
  const auto high23 = hn::BitCast(d_pair, hn::InterleaveUpper(d, row2, row3));
  PutPair<kWords>(d, hn::BitCast(d, hn::InterleaveLower(d_pair, low01, low23)),
                 hn::BitCast(d, hn::InterleaveUpper(d_pair, low01, low23)), out, kPanelWidth);
  PutPair<kWords>(d, hn::BitCast(d, hn::InterleaveLower(d_pair, high01, high23)),
                 hn::BitCast(d, hn::InterleaveUpper(d_pair, high01, high23)), out + WordCount(kWords, 2) * kPanelWidth,
                 kPanelWidth);
}

// One panel of which `width` columns exist.
template <OperandWords kWords>
void PackColumnsPanel(const float* b, size_t stride, size_t depth, size_t width, float* out) {
  const size_t whole_depth = depth / 4 * 4, whole_width = width / 4 * 4;
  for (size_t k = 0; k < whole_depth; k += 4) {
    for (size_t n = 0; n < whole_width; n += 4) {
      Pack4x4<kWords>(b + n * stride + k, stride, out + WordCount(kWords, k) * kPanelWidth + n);
    }
  }
  const float zeros[2] = {};
  for (size_t k = 0; k < depth; k += 2) {
    float* row = out + WordCount(kWords, k) * kPanelWidth;
    for (size_t n = k < whole_depth ? whole_width : 0; n < kPanelWidth; ++n) {
      const float* from = n < width ? b + n * stride + k : zeros;
      PutOne<kWords>(from, k + 1 < depth ? from + 1 : nullptr, row + n, kPanelWidth);
    }
  }
}

template <OperandWords kWords>
void PackColumnsOf(const float* b, size_t stride, size_t depth, size_t columns, float* out) {
  const size_t words = WordCount(kWords, depth);
  for (size_t column = 0; column < columns; column += kPanelWidth) {
    const size_t width = std::min(kPanelWidth, columns - column);
    PackColumnsPanel<kWords>(b + column * stride, stride, depth, width, out + column * words);
  }
}

// x rounded to bf16 as a float.
inline float Bf16Of(float x) {
  const hn::CappedTag<float, 1> d;
  return hn::GetLane(RoundToBf16(d, hn::Set(d, x)));
}

// One panel in bf16 of which `width` columns exist.
void PackBf16Panel(const float* b, size_t stride, size_t depth, size_t width, float* out) {
  uint16_t* values = reinterpret_cast<uint16_t*>(out);
  for (size_t k = 0; k < (depth + 1) / 2 * 2; ++k) {
    for (size_t n = 0; n < kPanelWidth; ++n) {
      const float x = n < width && k < depth ? Bf16Of(b[n * stride + k]) : 0.0f;
      values[k * kPanelWidth + n] = static_cast<uint16_t>(std::bit_cast<uint32_t>(x) >> 16);
    }
  }
}

// One panel of 8-bit integers of which `width` columns exist.
void PackQ8Panel(const float* b, size_t stride, size_t depth, size_t width, float* out) {
  for (size_t k = 0; k < depth; k += kScaledRows, out += Q8Rows::kBlockWords * kPanelWidth) {
    int8_t* rows = reinterpret_cast<int8_t*>(out + kPanelWidth);
    for (size_t n = 0; n < kPanelWidth; ++n) {
      int8_t values[kScaledRows] = {};
      out[n] = n < width ? QuantizeQ8(b + n * stride + k, std::min(kScaledRows, depth - k), values) : 0.0f;
      for (size_t i = 0; i < kScaledRows; ++i) rows[i * kPanelWidth + n] = values[i];
    }
  }
}

void PackCompressed(const float* b, size_t stride, size_t depth, size_t columns, Storage storage, float* out) {
  const size_t words = PanelWords(depth, storage);
  for (size_t column = 0; column < columns; column += kPanelWidth) {
    const size_t width = std::min(kPanelWidth, columns - column);
    const auto pack = storage == Storage::kBf16 ? PackBf16Panel : PackQ8Panel;
    pack(b + column * stride, stride, depth, width, out + column * words);
  }
}

void RoundWeightsOf(float* weight, size_t columns, size_t depth, Storage storage) {
  if (storage == Storage::kF32) return;
  for (float* row = weight; row < weight + columns * depth; row += depth) {
    if (storage == Storage::kBf16) {
      std::transform(row, row + depth, row, Bf16Of);
      continue;
    }
    for (size_t k = 0; k < depth; k += kScaledRows) {
      const size_t n = std::min(kScaledRows, depth - k);
      int8_t values[kScaledRows];
      const float scale = QuantizeQ8(row + k, n, values);
      for (size_t i = 0; i < n; ++i) row[k + i] = static_cast<float>(values[i]) * scale;
    }
  }
}

void PackRowsInto(const float* b, size_t stride, size_t depth, size_t columns, Precision precision, float* out) {
  WithOperandWords(precision, [&](auto words) { PackRight<words()>(b, stride, depth, columns, out); });
}

void PackColumnsInto(const float* b, size_t stride, size_t depth, size_t columns, PanelFormat format, float* out) {
  if (format.storage() != Storage::kF32) return PackCompressed(b, stride, depth, columns, format.storage(), out);
  WithOperandWords(format.precision(), [&](auto words) { PackColumnsOf<words()>(b, stride, depth, columns, out); });
}

void UnpackColumnOf(const Panels& panels, size_t column, float* out) {
  const float* panel = panels.data + column / kPanelWidth * panels.panel_stride;
  const size_t n = column % kPanelWidth;
  for (size_t k = 0; k < panels.depth; ++k) {
    switch (panels.format.storage()) {
      case Storage::kF32: {
        out[k] = panel[k * kPanelWidth + n];
        break;
      }
      case Storage::kBf16: {
        const uint32_t bits = reinterpret_cast<const uint16_t*>(panel)[k * kPanelWidth + n];
        out[k] = std::bit_cast<float>(bits << 16);
        break;
      }
      case Storage::kQ8: {
        const float* block = panel + k / kScaledRows * (Q8Rows::kBlockWords * kPanelWidth);
        const int8_t* rows = reinterpret_cast<const int8_t*>(block + kPanelWidth);
        out[k] = static_cast<float>(rows[k % kScaledRows * kPanelWidth + n]) * block[n];
        break;
      }
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
HWY_EXPORT(LacksBf16Dot);
HWY_EXPORT(PanelWords);
HWY_EXPORT(PackRowsInto);
HWY_EXPORT(PackColumnsInto);
HWY_EXPORT(UnpackColumnOf);
HWY_EXPORT(RoundWeightsOf);

size_t WidthInUse() { return HWY_DYNAMIC_DISPATCH(PanelWidth)(); }

size_t WordsInUse(size_t depth, PanelFormat format) { return HWY_DYNAMIC_DISPATCH(PanelWords)(depth, format); }

// Rows of B at whose multiples panels can be cut.
size_t RowsOfUnit(PanelFormat format) {
  if (format.storage() == Storage::kQ8) return 32;
  return format.storage() == Storage::kBf16 || format.precision() == Precision::kBf16 ? 2 : 1;
}

bool IsAligned(const float* data) { return reinterpret_cast<uintptr_t>(data) % 64 == 0; }

}  // namespace

bool EmulatesBf16() { return HWY_DYNAMIC_DISPATCH(LacksBf16Dot)(); }

Panels Panels::SliceDepth(size_t begin, size_t end) const {
  CHECK(begin <= end && end <= depth);
  const size_t unit = RowsOfUnit(format);
  CHECK(begin % unit == 0 && (end % unit == 0 || end == depth));
  Panels slice = *this;
  slice.data += WordsInUse(begin, format) * WidthInUse();
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

size_t PackedSize(size_t depth, size_t columns, PanelFormat format) {
  return WordsInUse(depth, format) * ((columns + kPanelAlignment - 1) / kPanelAlignment * kPanelAlignment);
}

Panels PackRows(const float* b, size_t stride, size_t depth, size_t columns, float* out, Precision precision) {
  CHECK(IsAligned(out));
  HWY_DYNAMIC_DISPATCH(PackRowsInto)(b, stride, depth, columns, precision, out);
  return PackedView(out, depth, columns, precision);
}

Panels PackColumns(const float* b, size_t stride, size_t depth, size_t columns, float* out, PanelFormat format) {
  CHECK(IsAligned(out));
  HWY_DYNAMIC_DISPATCH(PackColumnsInto)(b, stride, depth, columns, format, out);
  return PackedView(out, depth, columns, format);
}

void PackColumn(const float* key, size_t depth, size_t column, float* packed) {
  const size_t width = WidthInUse();
  float* to = packed + column / width * width * depth + column % width;
  for (size_t k = 0; k < depth; ++k, to += width) *to = key[k];
}

void UnpackColumn(const Panels& panels, size_t column, float* out) {
  CHECK(column < panels.columns && panels.format.precision() == Precision::kFp32);
  HWY_DYNAMIC_DISPATCH(UnpackColumnOf)(panels, column, out);
}

void RoundWeights(float* weight, size_t columns, size_t depth, Storage storage) {
  HWY_DYNAMIC_DISPATCH(RoundWeightsOf)(weight, columns, depth, storage);
}

Panels PackedView(const float* packed, size_t depth, size_t columns, PanelFormat format) {
  return {.data = packed,
          .panel_stride = WordsInUse(depth, format) * WidthInUse(),
          .depth = depth,
          .columns = columns,
          .format = format};
}

}  // namespace cllm
#endif  // HWY_ONCE
