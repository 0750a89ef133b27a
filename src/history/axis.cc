#include "history/axis.h"

#include <array>

namespace cllm {
namespace {

constexpr std::array kAxes = {Axis::kStep, Axis::kTokens, Axis::kSeconds, Axis::kTime};

}  // namespace

const char* NameOf(Axis axis) {
  switch (axis) {
    case Axis::kStep:
      return "step";
    case Axis::kTokens:
      return "tokens";
    case Axis::kSeconds:
      return "seconds";
    case Axis::kTime:
      return "time";
  }
  return "";
}

std::optional<Axis> AxisNamed(std::string_view name) {
  for (const Axis axis : kAxes) {
    if (name == NameOf(axis)) return axis;
  }
  return std::nullopt;
}

}  // namespace cllm
