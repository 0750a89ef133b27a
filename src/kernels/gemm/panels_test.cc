#include "kernels/gemm/panels.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "base/aligned_buffer.h"
#include "kernels/testing/row_cases.h"

namespace cllm {
namespace {

using row_cases::ForEachTarget;
using row_cases::RandomValues;
using row_cases::SameBits;

const PanelFormat kFormats[] = {Precision::kFp32, Precision::kBf16, Storage::kBf16, Storage::kQ8};

// A weight [columns, depth] and its panels.
struct Packed {
  Packed(const std::vector<float>& weight, size_t depth, size_t columns, PanelFormat format)
      : buffer(PackedSize(depth, columns, format)),
        panels(PackColumns(weight.data(), depth, depth, columns, buffer.data(), format)) {}
  std::vector<float> Words() const { return {buffer.data(), buffer.data() + buffer.size()}; }
  AlignedBuffer<float> buffer;
  Panels panels;
};

TEST(Panels, PackedSize_RoundsColumnsUpAndPadsWithZeros) {
  EXPECT_EQ(PackedSize(10, 0), 0u);
  EXPECT_EQ(PackedSize(10, 1), 320u);
  EXPECT_EQ(PackedSize(10, 33), 640u);
  const std::vector<float> ones(10 * 3, 1.0f);
  AlignedBuffer<float> packed(PackedSize(10, 3));
  PackRows(ones.data(), 3, 10, 3, packed.data());
  double sum = 0;
  for (size_t i = 0; i < packed.size(); ++i) sum += packed[i];
  EXPECT_EQ(sum, 30.0);
}

TEST(Panels, RowsAndColumns_OfOneMatrix_AreTheSamePanels) {
  ForEachTarget([](const std::string&) {
    for (const Precision precision : {Precision::kFp32, Precision::kBf16}) {
      for (const size_t depth : {1u, 2u, 3u, 4u, 7u, 33u}) {
        for (const size_t columns : {1u, 3u, 4u, 15u, 16u, 17u, 32u, 45u}) {
          const std::vector<float> by_rows = RandomValues(depth * 100 + columns, depth * columns);
          std::vector<float> by_columns(by_rows.size());
          for (size_t i = 0; i < by_rows.size(); ++i) by_columns[i % columns * depth + i / columns] = by_rows[i];
          const Packed expected(by_columns, depth, columns, precision);
          AlignedBuffer<float> buffer(PackedSize(depth, columns, precision));
          const Panels panels = PackRows(by_rows.data(), columns, depth, columns, buffer.data(), precision);
          EXPECT_EQ(panels.panel_stride, expected.panels.panel_stride);
          const std::vector<float> words(buffer.data(), buffer.data() + buffer.size());
          ASSERT_TRUE(SameBits(words, expected.Words())) << depth << " x " << columns;
        }
      }
    }
  });
}

TEST(Panels, ColumnsPackedOneByOne_HaveTheBitsOfPackColumns) {
  constexpr size_t kColumns = 70, kStride = 100;
  const std::vector<float> b = RandomValues(2, kColumns * kStride);
  ForEachTarget([&](const std::string&) {
    for (const size_t depth : {1u, 2u, 3u, 24u, 64u, 97u}) {
      AlignedBuffer<float> packed(PackedSize(depth, kColumns));
      for (size_t column = 0; column < kColumns; ++column) {
        PackColumn(b.data() + column * kStride, depth, column, packed.data());
        AlignedBuffer<float> whole(packed.size());
        PackColumns(b.data(), kStride, depth, column + 1, whole.data());
        ASSERT_EQ(std::memcmp(packed.data(), whole.data(), whole.size() * sizeof(float)), 0) << depth << " " << column;
      }
    }
  });
}

// A slice reads where panels of that part alone would.
TEST(Panels, Slices_ViewTheirPart) {
  constexpr size_t kDepth = 96, kColumns = 80;
  const std::vector<float> weight = RandomValues(3, kColumns * kDepth);
  ForEachTarget([&](const std::string&) {
    for (const PanelFormat format : kFormats) {
      const Packed whole(weight, kDepth, kColumns, format);
      const Panels last = whole.panels.SliceColumns(64, 80);
      const Packed alone({weight.begin() + 64 * kDepth, weight.end()}, kDepth, 16, format);
      EXPECT_EQ(last.columns, 16u);
      EXPECT_EQ(last.depth, kDepth);
      EXPECT_EQ(std::memcmp(last.data, alone.panels.data, last.panel_stride * sizeof(float)), 0);

      const Panels lower = whole.panels.SliceDepth(32, 96);
      std::vector<float> rows;
      for (size_t n = 0; n < kPanelAlignment; ++n) {
        rows.insert(rows.end(), weight.begin() + static_cast<std::ptrdiff_t>(n * kDepth + 32),
                    weight.begin() + static_cast<std::ptrdiff_t>((n + 1) * kDepth));
      }
      const Packed part(rows, 64, kPanelAlignment, format);
      EXPECT_EQ(lower.depth, 64u);
      EXPECT_EQ(lower.panel_stride, whole.panels.panel_stride);
      EXPECT_EQ(std::memcmp(lower.data, part.panels.data, part.panels.panel_stride * sizeof(float)), 0);
    }
  });
}

TEST(Panels, SlicesBetweenTheirUnits_AreABug) {
  const std::vector<float> weight = RandomValues(4, 64 * 64);
  const Packed bf16(weight, 64, 64, Precision::kBf16), q8(weight, 64, 64, Storage::kQ8);
  EXPECT_DEATH(bf16.panels.SliceDepth(1, 4), "unit");
  EXPECT_DEATH(q8.panels.SliceDepth(16, 64), "unit");
  EXPECT_DEATH(bf16.panels.SliceColumns(16, 64), "kPanelAlignment");
  EXPECT_DEATH(bf16.panels.SliceColumns(32, 65), "columns");
}

TEST(Panels, RoundedWeights_ArePackedAsTheyAre) {
  constexpr size_t kDepth = 45, kColumns = 21;
  std::vector<float> weight = RandomValues(5, kColumns * kDepth);
  weight[7] = 0x1p-140f, weight[100] = 100.0f;
  ForEachTarget([&](const std::string&) {
    for (const Storage storage : {Storage::kF32, Storage::kBf16, Storage::kQ8}) {
      std::vector<float> rounded = weight;
      RoundWeights(rounded.data(), kColumns, kDepth, storage);
      EXPECT_EQ(SameBits(rounded, weight), storage == Storage::kF32);
      std::vector<float> again = rounded;
      RoundWeights(again.data(), kColumns, kDepth, storage);
      EXPECT_TRUE(SameBits(again, rounded));
      EXPECT_TRUE(SameBits(Packed(rounded, kDepth, kColumns, storage).Words(),
                           Packed(weight, kDepth, kColumns, storage).Words()));
    }
  });
}

TEST(Panels, View_IsWhatPackingReturned) {
  const std::vector<float> weight = RandomValues(6, 40 * 10);
  for (const PanelFormat format : kFormats) {
    const Packed packed(weight, 10, 40, format);
    const Panels view = PackedView(packed.buffer.data(), 10, 40, format);
    EXPECT_EQ(view.data, packed.panels.data);
    EXPECT_EQ(view.panel_stride, packed.panels.panel_stride);
    EXPECT_EQ(view.depth, 10u);
    EXPECT_EQ(view.columns, 40u);
    EXPECT_EQ(view.format.precision(), format.precision());
    EXPECT_EQ(view.format.storage(), format.storage());
  }
}

}  // namespace
}  // namespace cllm
