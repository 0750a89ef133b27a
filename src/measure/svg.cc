#include "measure/svg.h"

#include <fmt/format.h>

namespace cllm::measure {
namespace {

std::string Points(const std::vector<Place>& places) {
  std::string points;
  for (const Place& p : places) points += fmt::format("{}{:.1f},{:.1f}", points.empty() ? "" : " ", p.x, p.y);
  return points;
}

std::string Tip(std::string_view tip) { return tip.empty() ? "" : fmt::format("<title>{}</title>", Escaped(tip)); }

}  // namespace

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

Svg::Svg(double width, double height, std::string_view title)
    : body_(fmt::format("<svg viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">\n", width, height,
                        Escaped(title))) {}

void Svg::Line(Place from, Place to, std::string_view classes) {
  body_ += fmt::format("<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>\n", classes, from.x,
                       from.y, to.x, to.y);
}

void Svg::Path(const std::vector<Place>& places, std::string_view classes) {
  body_ += fmt::format("<polyline class=\"{}\" points=\"{}\"/>\n", classes, Points(places));
}

void Svg::Area(const std::vector<Place>& places, std::string_view classes) {
  body_ += fmt::format("<polygon class=\"{}\" points=\"{}\"/>\n", classes, Points(places));
}

void Svg::Rect(Place corner, double width, double height, std::string_view classes, std::string_view tip) {
  body_ += fmt::format("<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\">{}</rect>\n",
                       classes, corner.x, corner.y, width, height, Tip(tip));
}

void Svg::Circle(Place centre, double radius, std::string_view classes, std::string_view tip) {
  body_ += fmt::format("<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\">{}</circle>\n", classes, centre.x,
                       centre.y, radius, Tip(tip));
}

void Svg::Text(Place place, std::string_view text, std::string_view classes) {
  body_ += fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", classes, place.x, place.y,
                       Escaped(text));
}

}  // namespace cllm::measure
