#include "nn/exact_accumulator.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace cllm {

ExactAccumulator::ExactAccumulator(size_t size, std::vector<TileGrid> grids) : grids_(std::move(grids)), values_(size) {
  size_t owners = 0;
  for (const TileGrid& grid : grids_) {
    CHECK(grid.tile_rows * grid.tile_columns <= kTileFloats);
    CHECK(grid.offset + grid.rows * grid.columns <= size);
    first_owner_.push_back(owners);
    owners += grid.row_tiles() * grid.column_tiles();
  }
  owners_ = std::make_unique<std::atomic<uint8_t>[]>(owners);
}

std::atomic<uint8_t>& ExactAccumulator::Owner(size_t grid_index, const TileRegion& tile) {
  const TileGrid& grid = grids_[grid_index];
  return owners_[first_owner_[grid_index] + tile.row_begin / grid.tile_rows * grid.column_tiles() +
                 tile.column_begin / grid.tile_columns];
}

bool ExactAccumulator::AddTile(const TileGrid& grid, const TileRegion& tile, const float* gradient, FixedScale scale) {
  int64_t* target = values_.data() + grid.offset + tile.row_begin * grid.columns + tile.column_begin;
  if (tile.columns() == grid.columns) return AccumulateFixed(target, gradient, scale, tile.rows() * tile.columns());
  bool in_range = true;
  for (size_t row = 0; row < tile.rows(); ++row) {
    in_range &= AccumulateFixed(target + row * grid.columns, gradient + row * tile.columns(), scale, tile.columns());
  }
  return in_range;
}

bool ExactAccumulator::AddRow(size_t grid_index, size_t row, const float* gradient, FixedScale scale) {
  const TileGrid& grid = grids_[grid_index];
  DCHECK(grid.tile_columns >= grid.columns);
  std::atomic<uint8_t>& owner = Owner(grid_index, {row, row + 1, 0, grid.columns});
  for (size_t round = 0; !TryAcquire(owner); ++round) Pause(round);
  const bool in_range =
      AccumulateFixed(values_.data() + grid.offset + row * grid.columns, gradient, scale, grid.columns);
  Release(owner);
  return in_range;
}

void ExactAccumulator::Pause(size_t round) {
  // A tile is held for some microseconds; an owner that lost its core needs ours.
  if (round >= 16) std::this_thread::yield();
}

}  // namespace cllm
