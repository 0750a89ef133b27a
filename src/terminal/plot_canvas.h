#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cllm {

// A drawing in characters: dots, several to a character, and letters over them. A plain value.
class PlotCanvas {
 public:
  enum class Dots {
    kBraille,  // 2 by 4 to a character
    kAscii,    // 1 by 2: ' . and :
  };
  // REQUIRES: a column and a row at least.
  PlotCanvas(size_t columns, size_t rows, Dots dots);

  size_t width() const { return columns_ * per_column_; }  // in dots
  size_t height() const { return rows_ * per_row_; }

  // From the left, from the top. What lies outside is not drawn. colour: an ANSI one (31 to 37), 0: none.
  void Dot(double x, double y, int colour);
  void Line(double x0, double y0, double x1, double y1, int colour);
  // A letter in the place of the character that a dot lies in.
  void Letter(double x, double y, char letter, int colour);

  // From the top; with the escapes of colours, or without.
  enum class Colours { kNone, kAnsi };
  std::vector<std::string> Rows(Colours colours) const;

 private:
  struct Cell {
    uint8_t dots = 0;
    char letter = 0;
    int colour = 0;
  };
  Cell* At(double x, double y);
  std::string Sign(const Cell& cell) const;

  size_t columns_, rows_, per_column_, per_row_;
  Dots dots_;
  std::vector<Cell> cells_;
};

}  // namespace cllm
