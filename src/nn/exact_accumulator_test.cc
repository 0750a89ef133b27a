#include "nn/exact_accumulator.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <thread>

#include "nn/testing/doubles.h"

namespace cllm {
namespace {

using doubles::RandomFloats;

constexpr float kScale = 1.0f / 768;

// One matrix of 37 rows and 53 columns at offset 7, in tiles of 16 by 20: neither divides.
constexpr TileGrid kUneven{.offset = 7, .rows = 37, .columns = 53, .tile_rows = 16, .tile_columns = 20};
constexpr size_t kSize = 7 + 37 * 53 + 5;

// Adds matrix [37, 53] over a region of the grid, beginning with tile `start`.
bool AddMatrix(ExactAccumulator& accumulator, const std::vector<float>& matrix, const TileRegion& region,
               size_t start = 0) {
  std::vector<float> scratch(kTileFloats);
  double seconds = 0;
  const TileGrid& grid = accumulator.grid(0);
  return accumulator.AddTiles(0, region, {kScale, start, scratch.data(), seconds},
                              [&](const TileRegion& tile, float* out) {
                                for (size_t r = tile.row_begin; r < tile.row_end; ++r) {
                                  const float* row = &matrix[r * grid.columns];
                                  out = std::copy(row + tile.column_begin, row + tile.column_end, out);
                                }
                              });
}

constexpr TileRegion kWhole{0, 37, 0, 53};

// What one value adds: the product rounded to float, then to the nearest multiple of 2^-40.
int64_t Fixed(float value) {
  const double scaled = static_cast<double>(value * kScale) * 0x1p40;
  return static_cast<int64_t>(std::nearbyint(scaled));
}

std::vector<int64_t> Values(ExactAccumulator& accumulator) {
  return {accumulator.values().begin(), accumulator.values().end()};
}

TEST(ExactAccumulator, PartialColumnTiles_EveryElementGetsItsOwnValue) {
  ExactAccumulator accumulator(kSize, {kUneven});
  const std::vector<float> matrix = RandomFloats(1, 37 * 53);
  ASSERT_TRUE(AddMatrix(accumulator, matrix, kWhole));
  for (size_t i = 0; i < kSize; ++i) {
    const bool inside = i >= 7 && i < 7 + matrix.size();
    ASSERT_EQ(accumulator.values()[i], inside ? Fixed(matrix[i - 7]) : 0) << i;
  }
}

TEST(ExactAccumulator, Region_AddsThereAlone) {
  ExactAccumulator accumulator(kSize, {kUneven});
  const std::vector<float> matrix = RandomFloats(1, 37 * 53);
  ASSERT_TRUE(AddMatrix(accumulator, matrix, {16, 37, 20, 40}));
  for (size_t r = 0; r < 37; ++r) {
    for (size_t c = 0; c < 53; ++c) {
      const bool inside = r >= 16 && c >= 20 && c < 40;
      ASSERT_EQ(accumulator.values()[7 + r * 53 + c], inside ? Fixed(matrix[r * 53 + c]) : 0) << r << ' ' << c;
    }
  }
}

// Magnitudes from 2^-30 to 2^10, so that a sum in floats would round; any order, any first tile.
TEST(ExactAccumulator, Sums_SameBitsInAnyOrder) {
  std::vector<std::vector<float>> items;
  for (uint64_t i = 0; i < 20; ++i) {
    items.push_back(RandomFloats(100 + i, 37 * 53, std::ldexp(1.0f, static_cast<int>(2 * i) - 28)));
  }
  const auto sum_in_order = [&](uint64_t key, size_t start) {
    ExactAccumulator accumulator(kSize, {kUneven});
    for (uint64_t i = 0; i < items.size(); ++i) {
      EXPECT_TRUE(AddMatrix(accumulator, items[Permute(key, i, items.size())], kWhole, start));
    }
    return Values(accumulator);
  };
  const std::vector<int64_t> expected = sum_in_order(1, 0);
  for (uint64_t key = 2; key < 8; ++key) EXPECT_EQ(sum_in_order(key, 3 * key), expected) << key;
  int64_t first = 0;
  for (const auto& item : items) first += Fixed(item[0]);
  EXPECT_EQ(expected[7], first);
}

// More tiles than the window of 64, and each made exactly once whatever the first.
TEST(ExactAccumulator, ManyTiles_EachProducedOnce) {
  const TileGrid grid{.rows = 100, .columns = 70, .tile_rows = 8, .tile_columns = 7};
  for (const size_t start : {0u, 1u, 63u, 64u, 1000u}) {
    ExactAccumulator accumulator(7000, {grid});
    std::vector<float> scratch(kTileFloats);
    double seconds = 0;
    ASSERT_TRUE(accumulator.AddTiles(
        0, {0, 100, 0, 70}, {1.0f, start, scratch.data(), seconds},
        [](const TileRegion& tile, float* out) { std::fill_n(out, tile.rows() * tile.columns(), 1.0f); }));
    for (const int64_t value : accumulator.values()) ASSERT_EQ(value, int64_t{1} << 40) << start;
    EXPECT_GE(seconds, 0);
  }
}

// Several workers at once on the same tiles, by tiles and by rows.
TEST(ExactAccumulator, WorkersAtOnce_TheSumIsExact) {
  const TileGrid tiles{.rows = 24, .columns = 30, .tile_rows = 5, .tile_columns = 10};
  const TileGrid rows{.offset = 720, .rows = 9, .columns = 16, .tile_rows = 4, .tile_columns = 16};
  ExactAccumulator accumulator(720 + 144, {tiles, rows});
  constexpr size_t kWorkers = 5, kRounds = 60;
  {
    std::vector<std::jthread> workers;
    for (size_t worker = 0; worker < kWorkers; ++worker) {
      workers.emplace_back([&accumulator, worker] {
        std::vector<float> scratch(kTileFloats);
        const std::vector<float> ones(16, 1.0f);
        double seconds = 0;
        for (size_t round = 0; round < kRounds; ++round) {
          EXPECT_TRUE(accumulator.AddTiles(
              0, {0, 24, 0, 30}, {1.0f, worker, scratch.data(), seconds},
              [](const TileRegion& tile, float* out) { std::fill_n(out, tile.rows() * tile.columns(), 1.0f); }));
          for (size_t row = 0; row < 9; ++row) EXPECT_TRUE(accumulator.AddRow(1, row, ones.data(), 1.0f));
        }
      });
    }
  }
  const int64_t expected = static_cast<int64_t>(kWorkers * kRounds) << 40;
  for (const int64_t value : accumulator.values()) ASSERT_EQ(value, expected);
}

// Values that are not numbers or too large are refused, wherever they stand; what is just below the limit is not.
TEST(ExactAccumulator, NoNumberOrOutOfRange_IsRefusedAndTheTileIsFreeAgain) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity(), kNan = std::numeric_limits<float>::quiet_NaN();
  const float limit = 0x1p11f / kScale;
  for (const float bad : {kNan, kInfinity, -kInfinity, limit, -2 * limit, 3e38f}) {
    for (const size_t at : {size_t{0}, size_t{36 * 53 + 52}, size_t{20 * 53 + 21}}) {
      ExactAccumulator accumulator(kSize, {kUneven});
      std::vector<float> matrix(37 * 53, 1.0f);
      matrix[at] = bad;
      EXPECT_FALSE(AddMatrix(accumulator, matrix, kWhole)) << bad << " at " << at;
      EXPECT_TRUE(AddMatrix(accumulator, std::vector<float>(37 * 53, 1.0f), kWhole));
    }
  }
  ExactAccumulator accumulator(kSize, {kUneven});
  EXPECT_TRUE(AddMatrix(accumulator, std::vector<float>(37 * 53, limit * 0.999f), kWhole));
}

TEST(ExactAccumulator, RowOutOfRange_IsRefused) {
  ExactAccumulator accumulator(64, {{.rows = 4, .columns = 16, .tile_rows = 4, .tile_columns = 16}});
  std::vector<float> row(16, 1.0f);
  EXPECT_TRUE(accumulator.AddRow(0, 3, row.data(), 0.5f));
  EXPECT_EQ(accumulator.values()[48], int64_t{1} << 39);
  EXPECT_EQ(accumulator.values()[47], 0);
  row[15] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(accumulator.AddRow(0, 3, row.data(), 0.5f));
}

}  // namespace
}  // namespace cllm
