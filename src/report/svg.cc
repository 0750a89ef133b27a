#include "report/svg.h"

#include <fmt/format.h>

namespace cllm::report {
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
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

Svg::Svg(double width, double height, std::string_view title, std::string_view style) {
  const bool alone = !style.empty();
  body_ = fmt::format(
      "<svg{} viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">\n",
      alone ? fmt::format(" xmlns=\"http://www.w3.org/2000/svg\" width=\"{:.0f}\" height=\"{:.0f}\"", width, height)
            : "",
      width, height, Escaped(title));
  if (alone) body_ += fmt::format("<style>{}</style>\n", style);
}

void Svg::BeginClip(std::string_view name, Place corner, double width, double height) {
  body_ += fmt::format(
      "<clipPath id=\"{0}\"><rect x=\"{1:.1f}\" y=\"{2:.1f}\" width=\"{3:.1f}\" height=\"{4:.1f}\"/></clipPath>\n"
      "<g clip-path=\"url(#{0})\">\n",
      name, corner.x, corner.y, width, height);
}

void Svg::Line(Place from, Place to, std::string_view classes) {
  body_ += fmt::format("<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>\n", classes,
                       from.x, from.y, to.x, to.y);
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
  body_ +=
      fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", classes, place.x, place.y, Escaped(text));
}

}  // namespace cllm::report
