#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cllm::report {

// Text for HTML or SVG: &, <, > and quotes written as entities.
std::string Escaped(std::string_view text);

struct Place {
  double x = 0, y = 0;
};

// A drawing as inline SVG, built up shape by shape. Looks come from the page's style: each shape names its classes.
// A plain value.
class Svg {
 public:
  // title: what a reader that does not see hears. style: CSS, for a drawing that is a file of its own; else its page
  // has it.
  Svg(double width, double height, std::string_view title, std::string_view style = {});

  // What is drawn from here to EndClip is seen inside of a rectangle only. name: no other one of the page has it.
  void BeginClip(std::string_view name, Place corner, double width, double height);
  void EndClip() { body_ += "</g>\n"; }

  void Line(Place from, Place to, std::string_view classes);
  void Path(const std::vector<Place>& places, std::string_view classes);
  // Closed: places in turn, then back to the first.
  void Area(const std::vector<Place>& places, std::string_view classes);
  // tip: shown when the pointer rests on it.
  void Rect(Place corner, double width, double height, std::string_view classes, std::string_view tip = {});
  void Circle(Place centre, double radius, std::string_view classes, std::string_view tip = {});
  // classes may hold "end" or "middle": where the place lies in the text.
  void Text(Place place, std::string_view text, std::string_view classes);

  std::string Finished() const { return body_ + "</svg>\n"; }

 private:
  std::string body_;
};

}  // namespace cllm::report
