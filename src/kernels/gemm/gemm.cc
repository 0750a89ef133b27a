#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gemm/gemm.cc"
#include "hwy/foreach_target.h"

#include "kernels/gemm/compressed-inl.h"
#include "kernels/gemm/pack_left-inl.h"
#include "kernels/gemm/pack_right-inl.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "base/check.h"
#include "hwy/highway.h"
#include "kernels/flush_denormals.h"
#include "kernels/gemm/bf16_tile.h"
#include "kernels/gemm/gemm.h"
#include "kernels/gemm/panels.h"

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {

// Sizes, in words of an operand, for a first-level cache of 32 KiB and a second-level one of 512 KiB, of 1 MiB on
// processors with AVX-512; confirmed by measurement on Zen 3 and, those of AVX-512, on a 5th generation Xeon.
inline constexpr size_t kDepthBlock = 1024;     // of operands that are read where they lie
inline constexpr size_t kPackDepth = 256;       // of operands that are packed
#if HWY_TARGET <= HWY_AVX3
inline constexpr size_t kLeftBlock = 131072;    // floats of A that stay in the second-level cache
inline constexpr size_t kRightBlock = 8192;     // floats of B that stay in the first-level cache
#else
inline constexpr size_t kLeftBlock = 32768;
inline constexpr size_t kRightBlock = 4096;
#endif
inline constexpr size_t kLeftScratch = 16384;   // floats of packed or converted A: 48 or 60 rows of kPackDepth
inline constexpr size_t kPackLeftColumns = 80;  // columns from which packing A pays
inline constexpr size_t kPackRightRows = 13;    // rows from which packing B pays
inline constexpr size_t kThinRows = 3;          // rows up to which a tile spans several panels

inline constexpr size_t kLine = 16;  // floats of a cache line

// Where a block of the product goes.
struct Output {
  float* c;
  size_t stride;
  GemmInto into;

  Output At(size_t row, size_t column) const { return {c + row * stride + column, stride, into}; }
};

// B as the tiles read it: row k of panel p begins at data + p * panel_stride + k * row_stride.
struct RightBlock {
  const float* data;
  size_t row_stride;
  size_t panel_stride;
};

template <size_t... kRow>
constexpr std::array<TileFunction, kTileRows> MakeTileTable(std::index_sequence<kRow...>) {
  return {&Tile<kRow + 1, 1>...};
}
inline constexpr std::array<TileFunction, kTileRows> kTileOfRows =
    MakeTileTable(std::make_index_sequence<kTileRows>());

template <OperandWords kWords>
TileFunction TileOf(size_t rows) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  static_assert(kTileRows == kBf16TileRows && kPanelWidth == 32);
  if constexpr (kWords == OperandWords::kBf16Pairs) return Bf16Tiles()[rows - 1];
#endif
  return kTileOfRows[rows - 1];
}

// A tile whose last columns do not exist in C: computed in scratch, so that nothing beyond C is touched.
HWY_NOINLINE void EdgeTile(TileFunction tile, TileShape shape, size_t rows, size_t columns, const float* a,
                           const float* b, float* c) {
  alignas(64) float scratch[kTileRows * kPanelWidth] = {};
  const size_t c_stride = std::exchange(shape.c_stride, kPanelWidth);
  for (size_t r = 0; r < rows && shape.into == GemmInto::kAdd; ++r) {
    std::memcpy(scratch + r * kPanelWidth, c + r * c_stride, columns * sizeof(float));
  }
  tile(shape, a, b, scratch);
  for (size_t r = 0; r < rows; ++r) std::memcpy(c + r * c_stride, scratch + r * kPanelWidth, columns * sizeof(float));
}

TileShape ShapeOf(const LeftBlock& left, const RightBlock& right, size_t words, Output out) {
  return {words, left.row_stride, left.depth_stride, right.row_stride, right.panel_stride, out.stride, out.into};
}

// What comes after a block, for its tiles to fetch on the way: one line every kUnroll steps, `step` floats after the
// last, and another one `second` floats after it. When `rows` steps are taken, the lines beside them follow.
//
// Addresses are numbers here: they may be those of nothing, or leave their array.
struct Prefetch {
  uintptr_t data;
  size_t step;
  size_t rows;
  size_t second = 0;
  size_t row = 0;

  // Where a tile of so many steps begins to fetch.
  uintptr_t Take(size_t steps) {
    const uintptr_t from = data + row * step * sizeof(float);
    row += steps;
    if (row >= rows) {
      row = 0;
      data += kLine * sizeof(float);
    }
    return from;
  }
};

uintptr_t AddressAfter(const float* data, size_t floats) {
  return reinterpret_cast<uintptr_t>(data) + floats * sizeof(float);
}

// The panels of B after a block of `tiles` tiles and `columns` columns. Few tiles, of a few sequences that are decoded
// together, fetch two lines at a time: with one, too much of the next panels would come late.
Prefetch NextPanels(const RightBlock& right, size_t tiles, size_t columns) {
  const size_t panels = (columns + kPanelWidth - 1) / kPanelWidth;
  const size_t step = std::min(2 * kLine, (kUnroll * kPanelWidth + tiles - 1) / tiles);
  return {AddressAfter(right.data, panels * right.panel_stride), step, std::numeric_limits<size_t>::max(),
          step > kLine ? kLine : 0};
}

// All tiles of A against a few panels of B. The tile of A is read from the first-level cache after its first panel.
template <OperandWords kWords>
void Block(const RowTiles& tiles, const LeftBlock& left, const RightBlock& right, size_t words, size_t columns,
           Prefetch& prefetch, Output out) {
  TileShape shape = ShapeOf(left, right, words, out);
  shape.prefetch_step = prefetch.step;
  shape.prefetch_second = prefetch.second;
  for (size_t i = 0; i < tiles.count(); ++i) {
    const float* a = left.Tile(tiles, i);
    const float* b = right.data;
    float* c = out.c + tiles.begin(i) * out.stride;
    const TileFunction tile = TileOf<kWords>(tiles.height(i));
    size_t column = 0;
    for (; column + kPanelWidth <= columns; column += kPanelWidth, b += right.panel_stride) {
      shape.prefetch = prefetch.Take(words / kUnroll);
      tile(shape, a, b, c + column);
    }
    if (column < columns) EdgeTile(tile, shape, tiles.height(i), columns - column, a, b, c + column);
  }
}

// Tiles over kPanels panels while so many are left, then one over as many as there are.
template <size_t kRows, size_t kPanels>
size_t ThinTiles(const TileShape& shape, const float* a, const float* b, size_t columns, float* c) {
  size_t column = 0;
  for (; column + kPanels * kPanelWidth <= columns; column += kPanels * kPanelWidth) {
    Tile<kRows, kPanels>(shape, a, b + column / kPanelWidth * shape.b_panel_stride, c + column);
  }
  if constexpr (kPanels > 2) {
    const float* rest = b + column / kPanelWidth * shape.b_panel_stride;
    column += ThinTiles<kRows, kPanels - 1>(shape, a, rest, columns - column, c + column);
  }
  return column;
}

// One to three rows: tiles over several panels, so that enough chains are in flight and B streams through once.
template <size_t kRows>
void ThinBlock(GemmLeft a, RightBlock b, size_t depth, size_t columns, Output out) {
  const LeftBlock left(a);
  const size_t done = ThinTiles<kRows, 6 / kRows>(ShapeOf(left, b, depth, out), a.data, b.data, columns, out.c);
  b.data += done / kPanelWidth * b.panel_stride;
  Prefetch prefetch = NextPanels(b, 1, columns - done);
  Block<OperandWords::kFloats>(RowTiles(kRows), left, b, depth, columns - done, prefetch, out.At(0, done));
}

void AnyThinBlock(size_t m, GemmLeft a, const RightBlock& b, size_t depth, size_t columns, Output out) {
  static_assert(kThinRows == 3);
  if (m == 1) ThinBlock<1>(a, b, depth, columns, out);
  if (m == 2) ThinBlock<2>(a, b, depth, columns, out);
  if (m == 3) ThinBlock<3>(a, b, depth, columns, out);
}

// B in panels, as packed by the caller.
template <OperandWords kWords>
struct PackedRight {
  Panels panels;

  RightBlock Part(size_t k, size_t /*depth*/, size_t column, size_t /*columns*/) const {
    return {panels.data + column / kPanelWidth * panels.panel_stride + WordCount(kWords, k) * kPanelWidth, kPanelWidth,
            panels.panel_stride};
  }
};

// B row-major, packed part by part.
template <OperandWords kWords>
struct RowMajorRight {
  const float* b;
  size_t stride;
  float* scratch;  // kRightBlock, or one panel of kPackDepth if that is more

  RightBlock Part(size_t k, size_t depth, size_t column, size_t columns) const {
    PackRight<kWords>(b + k * stride + column, stride, depth, columns, scratch);
    return {scratch, kPanelWidth, kPanelWidth * WordCount(kWords, depth)};
  }
};

// B in panels of fewer bits, expanded part by part. REQUIRES: parts begin at multiples of kScaledRows.
template <class Rows>
struct ExpandedRight {
  Panels panels;
  float* scratch;  // as RowMajorRight's

  RightBlock Part(size_t k, size_t depth, size_t column, size_t columns) const {
    float* out = scratch;
    for (size_t done = 0; done < columns; done += kPanelWidth, out += depth * kPanelWidth) {
      ExpandRows<Rows>(panels.data + (column + done) / kPanelWidth * panels.panel_stride, k, depth, out);
    }
    return {scratch, kPanelWidth, kPanelWidth * depth};
  }
};

// Rows of a block: at most `limit`, a multiple of kTileRows, and the blocks nearly equal.
size_t RowsOfBlock(size_t m, size_t limit) {
  const size_t blocks = (m + limit - 1) / limit;
  return ((m + blocks - 1) / blocks + kTileRows - 1) / kTileRows * kTileRows;
}

// How the tiles get A.
enum class LeftUse { kWhereItLies, kPacked, kConverted };

template <OperandWords kWords>
LeftUse LeftUseOf(GemmLeft a, size_t columns) {
  const bool contiguous_rows = a.row_stride == 1 && a.depth_stride > 1;
  if (kWords != OperandWords::kFloats) return contiguous_rows ? LeftUse::kPacked : LeftUse::kConverted;
  return contiguous_rows && columns >= kPackLeftColumns ? LeftUse::kPacked : LeftUse::kWhereItLies;
}

// What is packed after rows [row, row + rows) and depth [k, k + depth) of A: the next rows, or the next depth from the
// first row on, or the rows after A, which a caller who cuts a product into blocks of rows takes next.
Prefetch NextLeft(GemmLeft a, size_t m, size_t row, size_t rows, size_t k, size_t depth, size_t total_depth) {
  const bool more_rows = row + rows < m, more_depth = k + depth < total_depth;
  const size_t next_row = more_rows || !more_depth ? row + rows : 0;
  const size_t next_k = more_rows ? k : (more_depth ? k + depth : 0);
  return {AddressAfter(a.data, next_row * a.row_stride + next_k * a.depth_stride), a.depth_stride, depth};
}

// One block over k: blocks of rows of A that stay in the second-level cache, each against the panels of B in groups
// that stay in the first-level one. left_scratch: kLeftScratch unless A is read where it lies.
template <OperandWords kWords, typename Right>
void DepthBlock(size_t m, GemmLeft a, const Right& right, size_t k, size_t depth, size_t total_depth, size_t columns,
                LeftUse use, float* left_scratch, Output out) {
  const size_t words = WordCount(kWords, depth), steps = std::max(words, size_t{1});
  const size_t tile_floats = steps * (use == LeftUse::kPacked ? kPackedRows : kTileRows);
  const size_t tiles_in_block = (use == LeftUse::kWhereItLies ? kLeftBlock : kLeftScratch) / tile_floats;
  const size_t block_rows = RowsOfBlock(m, std::max(tiles_in_block, size_t{1}) * kTileRows);
  const size_t group = std::max(kRightBlock / (steps * kPanelWidth), size_t{1}) * kPanelWidth;
  for (size_t row = 0; row < m; row += block_rows) {
    const size_t rows = std::min(block_rows, m - row);
    const RowTiles tiles(rows);
    const GemmLeft part = {a.data + row * a.row_stride + k * a.depth_stride, a.row_stride, a.depth_stride};
    LeftBlock left(part);
    if (use == LeftUse::kPacked) {
      PackLeft<kWords>(tiles, rows, depth, part, left_scratch);
      left = LeftBlock(left_scratch, words);
    }
    if constexpr (kWords != OperandWords::kFloats) {
      if (use == LeftUse::kConverted) {
        ConvertLeft<kWords>(rows, depth, part, left_scratch);
        left = LeftBlock(GemmLeft{.data = left_scratch, .row_stride = words});
      }
    }
    Prefetch left_prefetch = NextLeft(a, m, row, rows, k, depth, total_depth);
    for (size_t column = 0; column < columns; column += group) {
      const size_t width = std::min(group, columns - column);
      const RightBlock panels = right.Part(k, depth, column, width);
      Prefetch right_prefetch = NextPanels(panels, tiles.count(), width);
      Block<kWords>(tiles, left, panels, words, width, use == LeftUse::kPacked ? left_prefetch : right_prefetch,
                   out.At(row, column));
    }
  }
}

// Blocks over k of `words_block` words, each of which continues the chains from C.
template <OperandWords kWords, typename Right>
void Blocks(size_t m, GemmLeft a, const Right& right, size_t depth, size_t words_block, size_t columns, LeftUse use,
            float* left_scratch, Output out) {
  const size_t depth_block = kWords == OperandWords::kBf16Pairs ? 2 * words_block : words_block;
  size_t k = 0;
  do {
    const size_t part = std::min(depth_block, depth - k);
    DepthBlock<kWords>(m, a, right, k, part, depth, columns, use, left_scratch, out);
    out.into = GemmInto::kAdd;
    k += depth_block;
  } while (k < depth);
}

template <OperandWords kWords>
HWY_NOINLINE void GemmPackingLeft(size_t m, GemmLeft a, const Panels& b, LeftUse use, Output out) {
  alignas(64) float left_scratch[kLeftScratch];
  Blocks<kWords>(m, a, PackedRight<kWords>{b}, b.depth, kPackDepth, b.columns, use, left_scratch, out);
}

template <OperandWords kWords>
void GemmPackedOf(size_t m, GemmLeft a, const Panels& b, Output out) {
  const PackedRight<kWords> right = {b};
  const LeftUse use = LeftUseOf<kWords>(a, b.columns);
  if (kWords == OperandWords::kFloats && m <= kThinRows) {
    AnyThinBlock(m, a, right.Part(0, b.depth, 0, b.columns), b.depth, b.columns, out);
  } else if (use != LeftUse::kWhereItLies) {
    GemmPackingLeft<kWords>(m, a, b, use, out);
  } else {
    Blocks<kWords>(m, a, right, b.depth, kDepthBlock, b.columns, use, nullptr, out);
  }
}

inline constexpr size_t kRightScratch = std::max(kRightBlock, kPackDepth * kPanelWidth);  // floats

// Few rows expand B in registers; more do it in scratch, once for all their tiles.
template <class Rows>
HWY_NOINLINE void GemmCompressed(size_t m, GemmLeft a, const Panels& b, Output out) {
  static_assert(kThinRows == 3 && kPackDepth % kScaledRows == 0);
  if (m == 1) return CompressedProduct<Rows, 1>(a, b, out.c, out.stride, out.into);
  if (m == 2) return CompressedProduct<Rows, 2>(a, b, out.c, out.stride, out.into);
  if (m == 3) return CompressedProduct<Rows, 3>(a, b, out.c, out.stride, out.into);
  alignas(64) float left_scratch[kLeftScratch];
  alignas(64) float right_scratch[kRightScratch];
  Blocks<OperandWords::kFloats>(m, a, ExpandedRight<Rows>{b, right_scratch}, b.depth, kPackDepth, b.columns,
                        LeftUseOf<OperandWords::kFloats>(a, b.columns), left_scratch, out);
}

template <OperandWords kWords>
HWY_NOINLINE void GemmPackingBoth(size_t m, size_t n, size_t depth, GemmLeft a, const float* b, size_t b_stride,
                                  Output out) {
  alignas(64) float left_scratch[kLeftScratch];
  alignas(64) float right_scratch[kRightScratch];
  Blocks<kWords>(m, a, RowMajorRight<kWords>{b, b_stride, right_scratch}, depth, kPackDepth, n, LeftUseOf<kWords>(a, n),
                left_scratch, out);
}

template <OperandWords kWords>
void GemmUnpackedOf(size_t m, size_t n, size_t depth, GemmLeft a, const float* b, size_t b_stride, Output out) {
  // With few rows each element of B is used too seldom to be moved first; only the last columns are, which a vector
  // would overrun.
  const size_t direct = kWords == OperandWords::kFloats && m < kPackRightRows ? n / kPanelWidth * kPanelWidth : 0;
  const RightBlock right = {b, b_stride, kPanelWidth};
  if (direct > 0 && m <= kThinRows) {
    AnyThinBlock(m, a, right, depth, direct, out);
  } else if (direct > 0) {
    const RowTiles tiles(m);
    Prefetch prefetch = NextPanels(right, tiles.count(), direct);
    Block<OperandWords::kFloats>(tiles, LeftBlock(a), right, depth, direct, prefetch, out);
  }
  if (direct < n) GemmPackingBoth<kWords>(m, n - direct, depth, a, b + direct, b_stride, out.At(0, direct));
}

void GemmPacked(size_t m, GemmLeft a, const Panels& b, float* c, size_t c_stride, GemmInto into) {
  const Output out = {c, c_stride, into};
  if (b.format.storage() == Storage::kBf16) return GemmCompressed<Bf16Rows>(m, a, b, out);
  if (b.format.storage() == Storage::kQ8) return GemmCompressed<Q8Rows>(m, a, b, out);
  WithOperandWords(b.format.precision(), [&](auto words) { GemmPackedOf<words()>(m, a, b, out); });
}

void GemmUnpacked(size_t m, size_t n, size_t depth, GemmLeft a, const float* b, size_t b_stride, float* c,
                  size_t c_stride, GemmInto into, Precision precision) {
  const Output out = {c, c_stride, into};
  WithOperandWords(precision, [&](auto words) { GemmUnpackedOf<words()>(m, n, depth, a, b, b_stride, out); });
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cllm {
namespace {

HWY_EXPORT(GemmPacked);
HWY_EXPORT(GemmUnpacked);

}  // namespace

void Gemm(size_t m, GemmLeft a, const Panels& b, float* c, size_t c_stride, GemmInto into) {
  if (m == 0 || b.columns == 0) return;
  const bool bf16 = b.format.precision() == Precision::kBf16;
  CHECK(!bf16 || a.row_stride == 1 || a.depth_stride == 1);
  std::optional<FlushDenormals> flush;
  if (bf16) flush.emplace();
  HWY_DYNAMIC_DISPATCH(GemmPacked)(m, a, b, c, c_stride, into);
}

void GemmRows(size_t m, size_t n, size_t k, GemmLeft a, const float* b, size_t b_stride, float* c, size_t c_stride,
              GemmInto into, Precision precision) {
  if (m == 0 || n == 0) return;
  CHECK(precision == Precision::kFp32 || a.row_stride == 1 || a.depth_stride == 1);
  std::optional<FlushDenormals> flush;
  if (precision == Precision::kBf16) flush.emplace();
  HWY_DYNAMIC_DISPATCH(GemmUnpacked)(m, n, k, a, b, b_stride, c, c_stride, into, precision);
}

}  // namespace cllm
#endif  // HWY_ONCE
