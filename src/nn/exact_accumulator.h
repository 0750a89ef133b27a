#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/check.h"
#include "base/system.h"
#include "kernels/fixed_point.h"

namespace cllm {

// Floats of scratch a worker needs to hand gradients over: 64 KiB (design section 5.3).
inline constexpr size_t kTileFloats = 16384;

// Rows of a gradient that fit in them, a multiple of the height of the products' register tiles (12, or 6) where one
// fits.
inline constexpr size_t kRegisterRows = 12;
constexpr size_t TileRows(size_t columns) {
  const size_t fitting = kTileFloats / columns;
  return fitting < kRegisterRows ? fitting : fitting / kRegisterRows * kRegisterRows;
}

// A matrix of the gradient, cut into tiles that change owner one by one. Row-major [rows, columns] at `offset` of the
// flat parameter buffer; tile_rows * tile_columns <= kTileFloats.
struct TileGrid {
  size_t offset = 0;
  size_t rows = 0, columns = 0;
  size_t tile_rows = 0, tile_columns = 0;

  size_t row_tiles() const { return (rows + tile_rows - 1) / tile_rows; }
  size_t column_tiles() const { return (columns + tile_columns - 1) / tile_columns; }
};

// A rectangle of a grid, in elements.
struct TileRegion {
  size_t row_begin, row_end, column_begin, column_end;
  size_t rows() const { return row_end - row_begin; }
  size_t columns() const { return column_end - column_begin; }
};

// The sum of all work items' gradients as 64-bit fixed point (2^-40), shared by the workers of one cache domain.
// Integer addition is associative, so the order in which workers add cannot change a bit. Each tile has an owner flag:
// a worker that finds a tile busy goes on with another and comes back. Thread-safe for AddTiles and AddRow; values() is
// for phases in which nobody adds.
class ExactAccumulator {
 public:
  ExactAccumulator(size_t size, std::vector<TileGrid> grids);

  const TileGrid& grid(size_t index) const { return grids_[index]; }
  std::span<int64_t> values() { return values_.span(); }
  size_t bytes() const { return values_.size() * sizeof(int64_t); }

  // For each tile of `region` (aligned to the grid's tiles), in any order:
  // produce(tile, scratch) fills scratch[tile.rows(), tile.columns()], which is scaled and added.
  // False if a value is not finite or out of range; the accumulator is unusable then.
  struct Adding {
    FixedScale scale;  // on every value
    size_t start;      // the tile to begin with
    float* scratch;    // kTileFloats
    double& seconds;   // time spent adding is added here
  };
  template <typename Produce>
  [[nodiscard]] bool AddTiles(size_t grid, const TileRegion& region, const Adding& adding, const Produce& produce);

  // Adds one row of a grid whose tiles span all columns; for rows picked by token.
  [[nodiscard]] bool AddRow(size_t grid, size_t row, const float* gradient, FixedScale scale);

 private:
  static constexpr size_t kWindow = 64;  // tiles tracked at once, one bit each

  std::atomic<uint8_t>& Owner(size_t grid, const TileRegion& tile);
  bool TryAcquire(std::atomic<uint8_t>& owner) { return owner.exchange(1, std::memory_order_acquire) == 0; }
  void Release(std::atomic<uint8_t>& owner) { owner.store(0, std::memory_order_release); }
  bool AddTile(const TileGrid& grid, const TileRegion& tile, const float* gradient, FixedScale scale);
  static void Pause(size_t round);  // all remaining tiles are busy: spin briefly, then give the core away

  std::vector<TileGrid> grids_;
  std::vector<size_t> first_owner_;  // per grid
  std::unique_ptr<std::atomic<uint8_t>[]> owners_;
  AlignedBuffer<int64_t> values_;
};

template <typename Produce>
bool ExactAccumulator::AddTiles(size_t grid_index, const TileRegion& region, const Adding& adding,
                                const Produce& produce) {
  const TileGrid& grid = grids_[grid_index];
  DCHECK(region.row_begin % grid.tile_rows == 0 && region.column_begin % grid.tile_columns == 0);
  const size_t across = (region.columns() + grid.tile_columns - 1) / grid.tile_columns;
  const size_t tiles = across * ((region.rows() + grid.tile_rows - 1) / grid.tile_rows);
  const auto tile_at = [&](size_t index) {
    const size_t row = region.row_begin + index / across * grid.tile_rows;
    const size_t column = region.column_begin + index % across * grid.tile_columns;
    return TileRegion{row, std::min(row + grid.tile_rows, region.row_end), column,
                      std::min(column + grid.tile_columns, region.column_end)};
  };
  for (size_t base = 0; base < tiles; base += kWindow) {
    const size_t count = std::min(kWindow, tiles - base);
    uint64_t pending = count == kWindow ? ~uint64_t{0} : (uint64_t{1} << count) - 1;
    for (size_t round = 0; pending != 0; ++round) {
      for (size_t i = 0; i < count; ++i) {
        const size_t index = (i + adding.start) % count;
        if ((pending >> index & 1) == 0) continue;
        const TileRegion tile = tile_at(base + index);
        std::atomic<uint8_t>& owner = Owner(grid_index, tile);
        if (!TryAcquire(owner)) continue;
        produce(tile, adding.scratch);
        const double begin = MonotonicSeconds();
        const bool in_range = AddTile(grid, tile, adding.scratch, adding.scale);
        Release(owner);
        adding.seconds += MonotonicSeconds() - begin;
        if (!in_range) return false;
        pending &= ~(uint64_t{1} << index);
      }
      if (pending != 0) Pause(round);
    }
  }
  return true;
}

}  // namespace cllm
