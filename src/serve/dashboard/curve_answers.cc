#include "serve/dashboard/curve_answers.h"

#include <fmt/format.h>

#include <algorithm>

#include "serve/dashboard/json_numbers.h"

namespace cllm {
namespace {

constexpr size_t kMostNames = 64;
constexpr double kFewestPoints = 2;

ApiError WrongParameter(const char* name, const std::string& expected) {
  return {.message = fmt::format("{}: expected {}", name, expected), .param = name};
}

JsonFields EnvelopeFields(const Envelope& envelope) {
  JsonArray marks;
  for (const Envelope::Mark& mark : envelope.marks) {
    marks.push_back(JsonFields{{"x", NumberOrName(mark.x)}, {"value", NumberOrName(mark.value)}});
  }
  return {{"x", NumbersOrNames(envelope.x)},     {"last", NumbersOrNames(envelope.last)},
          {"min", NumbersOrNames(envelope.low)}, {"max", NumbersOrNames(envelope.high)},
          {"total", envelope.total},             {"marks", std::move(marks)}};
}

}  // namespace

std::optional<ApiError> ReadCurveQuery(const DashboardTarget& target, CurveQuery& query) {
  query.names = target.List("names");
  if (query.names.size() > kMostNames) return WrongParameter("names", fmt::format("at most {} names", kMostNames));
  if (const std::string* axis = target.Value("x"); axis != nullptr && !axis->empty()) {
    const std::optional<Axis> named = AxisNamed(*axis);
    if (!named) return WrongParameter("x", "step, tokens, seconds or time");
    query.axis = *named;
  }
  const auto from = target.Number("from", query.window.from), to = target.Number("to", query.window.to);
  if (!from) return WrongParameter("from", "a number");
  if (!to) return WrongParameter("to", "a number");
  query.window = {*from, *to};
  const auto points = target.Number("points", static_cast<double>(query.points));
  if (!points) return WrongParameter("points", "a number");
  query.points = static_cast<size_t>(std::clamp(*points, kFewestPoints, static_cast<double>(kMaxEnvelopePoints)));
  return std::nullopt;
}

JsonFields CurveFields(const RunHistory& history, const CurveQuery& query) {
  const std::vector<std::string> known = history.names();
  JsonFields curves;
  for (const std::string& name : query.names) {
    const bool twice = std::ranges::find(curves, name, &JsonField::name) != curves.end();
    const bool there = AxisNamed(name).has_value() || std::ranges::count(known, name) > 0;
    if (twice || !there) continue;
    curves.push_back({name, EnvelopeFields(history.Curve(name, query.axis, query.window, query.points))});
  }
  return {{"x", NameOf(query.axis)},
          {"curves", std::move(curves)},
          {"sessions", NumbersOrNames(history.Sessions(query.axis))},
          {"whole", history.whole()}};
}

}  // namespace cllm
