#include "terminal/plot_canvas.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/check.h"

namespace cllm {
namespace {

// The bits of a braille sign (Unicode, block 2800) by row, left and right.
constexpr std::array<std::array<uint8_t, 2>, 4> kBrailleBits = {
    {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}};

}  // namespace

PlotCanvas::PlotCanvas(size_t columns, size_t rows, Dots dots)
    : columns_(columns),
      rows_(rows),
      per_column_(dots == Dots::kBraille ? 2 : 1),
      per_row_(dots == Dots::kBraille ? 4 : 2),
      dots_(dots),
      cells_(columns * rows) {
  CHECK(columns > 0 && rows > 0);
}

PlotCanvas::Cell* PlotCanvas::At(double x, double y) {
  if (!(x >= 0 && y >= 0 && x < static_cast<double>(width()) && y < static_cast<double>(height()))) return nullptr;
  return &cells_[static_cast<size_t>(y) / per_row_ * columns_ + static_cast<size_t>(x) / per_column_];
}

void PlotCanvas::Dot(double x, double y, int colour) {
  Cell* cell = At(x, y);
  if (cell == nullptr) return;
  const size_t row = static_cast<size_t>(y) % per_row_, column = static_cast<size_t>(x) % per_column_;
  cell->dots |= dots_ == Dots::kBraille ? kBrailleBits[row][column] : static_cast<uint8_t>(1u << row);
  if (colour != 0) cell->colour = colour;
}

void PlotCanvas::Line(double x0, double y0, double x1, double y1, int colour) {
  const double across = x1 > x0 ? x1 - x0 : x0 - x1, down = y1 > y0 ? y1 - y0 : y0 - y1;
  // However far its ends lie outside.
  const auto steps = static_cast<size_t>(std::min(std::max(across, down), 1e5));
  for (size_t i = 0; i <= steps; ++i) {
    const double share = steps == 0 ? 0 : static_cast<double>(i) / static_cast<double>(steps);
    Dot(x0 + (x1 - x0) * share, y0 + (y1 - y0) * share, colour);
  }
}

void PlotCanvas::Letter(double x, double y, char letter, int colour) {
  Cell* cell = At(x, y);
  if (cell == nullptr) return;
  cell->letter = letter;
  cell->colour = colour;
}

std::string PlotCanvas::Sign(const Cell& cell) const {
  if (cell.letter != 0) return std::string(1, cell.letter);
  if (cell.dots == 0) return " ";
  if (dots_ == Dots::kAscii) return std::string(1, " '.:"[cell.dots & 3]);
  // U+2800 to U+28FF in UTF-8.
  return {static_cast<char>(0xE2), static_cast<char>(0xA0 | cell.dots >> 6),
          static_cast<char>(0x80 | (cell.dots & 0x3F))};
}

std::vector<std::string> PlotCanvas::Rows(Colours colours) const {
  std::vector<std::string> rows;
  for (size_t row = 0; row < rows_; ++row) {
    std::string line;
    int colour = 0;
    for (size_t column = 0; column < columns_; ++column) {
      const Cell& cell = cells_[row * columns_ + column];
      const std::string sign = Sign(cell);
      const int wanted = sign == " " || colours == Colours::kNone ? 0 : cell.colour;
      if (wanted != colour) line += fmt::format("\033[{}m", wanted);
      colour = wanted;
      line += sign;
    }
    if (colour != 0) line += "\033[0m";
    rows.push_back(std::move(line));
  }
  return rows;
}

}  // namespace cllm
