#include "terminal/plot_canvas.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "terminal/text_width.h"

namespace cllm {
namespace {

using testing::ElementsAre;
using Dots = PlotCanvas::Dots;
using Colours = PlotCanvas::Colours;

TEST(PlotCanvas, Braille_HasEightDotsACharacter) {
  PlotCanvas canvas(2, 1, Dots::kBraille);
  EXPECT_EQ(canvas.width(), 4u);
  EXPECT_EQ(canvas.height(), 4u);
  canvas.Dot(0, 0, 0);
  EXPECT_THAT(canvas.Rows(Colours::kNone), ElementsAre("\u2801 "));
  canvas.Dot(1, 3, 0);
  EXPECT_THAT(canvas.Rows(Colours::kNone), ElementsAre("\u2881 "));
  for (int x = 0; x < 4; ++x) {
    for (int y = 0; y < 4; ++y) canvas.Dot(x, y, 0);
  }
  EXPECT_THAT(canvas.Rows(Colours::kNone), ElementsAre("\u28ff\u28ff"));
}

TEST(PlotCanvas, Ascii_HasTwoDotsACharacter) {
  PlotCanvas canvas(4, 1, Dots::kAscii);
  canvas.Dot(0, 0, 0), canvas.Dot(1, 1, 0), canvas.Dot(2, 0, 0), canvas.Dot(2, 1, 0);
  EXPECT_THAT(canvas.Rows(Colours::kNone), ElementsAre("'.: "));
}

TEST(PlotCanvas, Line_IsWithoutGaps) {
  PlotCanvas canvas(4, 2, Dots::kAscii);
  canvas.Line(0, 3.9, 3.9, 0, 0);
  EXPECT_THAT(canvas.Rows(Colours::kNone), ElementsAre("  .'", ".'  "));
}

TEST(PlotCanvas, WhatLiesOutside_IsNotDrawn) {
  PlotCanvas canvas(2, 2, Dots::kAscii);
  const double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  for (const double x : {-1.0, 2.0, 1e300, infinity, -infinity, nan}) {
    canvas.Dot(x, 0, 0), canvas.Dot(0, x == 2 ? 4 : x, 0), canvas.Letter(x, 0, 'x', 0);
  }
  canvas.Line(-infinity, nan, infinity, 5, 0);
  canvas.Line(-1e300, -5, 1e300, -5, 0);
  EXPECT_THAT(canvas.Rows(Colours::kNone), ElementsAre("  ", "  "));
}

TEST(PlotCanvas, Colours_AreOffAtTheEndOfALine) {
  PlotCanvas canvas(3, 1, Dots::kAscii);
  canvas.Dot(0, 0, 36), canvas.Letter(2, 0, 'o', 33);
  EXPECT_THAT(canvas.Rows(Colours::kAnsi), ElementsAre("\033[36m'\033[0m \033[33mo\033[0m"));
  EXPECT_THAT(canvas.Rows(Colours::kNone), ElementsAre("' o"));
}

TEST(PlotCanvas, Rows_AreAsWideAsTheCanvas) {
  PlotCanvas canvas(37, 3, Dots::kBraille);
  canvas.Line(0, 0, 73, 11, 0);
  for (const std::string& row : canvas.Rows(Colours::kNone)) EXPECT_EQ(ColumnsOf(row), 37u);
}

}  // namespace
}  // namespace cllm
