#include "model/shape.h"

#include <fmt/format.h>

#include <array>

#include "base/check.h"
#include "base/units.h"

namespace cllm {
namespace {

template <typename Value>
constexpr Dimension::Place<Value> At(Value ModelShape::*value, std::optional<Value> ShapeChoices::*choice) {
  return {value, choice};
}

using Shape = ModelShape;
using Choices = ShapeChoices;
constexpr std::array<Dimension, 15> kDimensions = {{
    {"layers", At(&Shape::layers, &Choices::layers), 1, 256, "layers"},
    {"heads", At(&Shape::heads, &Choices::heads), 1, 256, "attention heads a layer"},
    {"width", At(&Shape::width, &Choices::width), 2, 8192, "width of the residual stream"},
    {"hidden", At(&Shape::hidden, &Choices::hidden), 1, 32768, "hidden width of the feed-forward part"},
    {"context", At(&Shape::context, &Choices::context), 1, 65536, "tokens the model sees at once"},
    {"vocabulary", At<size_t>(&Shape::vocabulary, nullptr), 4, 1 << 20, "tokens of the vocabulary"},
    {"kv_heads", At(&Shape::kv_heads, &Choices::kv_heads), 1, 256, "heads of keys and values; they divide the heads",
     true, 2},
    {"head_dim", At(&Shape::head_dim, &Choices::head_dim), 2, 1024, "numbers of a head's query; even", true, 2},
    {"untied", At(&Shape::untied, &Choices::untied), 0, 1,
     "give the head a matrix of its own instead of the embedding's", true, 2},
    {"rope_base", At(&Shape::rope_base, &Choices::rope_base), 1, 1e12, "base of the rotary frequencies", true, 2},
    {"norm_eps", At(&Shape::norm_eps, &Choices::norm_eps), 1e-12, 0.1, "number added to the mean square in norms", true,
     2},
    {"rope_factor", At(&Shape::rope_factor, &Choices::rope_factor), 1, 1e6,
     "divide slow rotary frequencies by this, as Llama 3.1 does for longer contexts", true, 3},
    {"rope_low", At(&Shape::rope_low, &Choices::rope_low), 1e-6, 1e6,
     "turns in the original context below which a frequency is slow", true, 3},
    {"rope_high", At(&Shape::rope_high, &Choices::rope_high), 1e-6, 1e6,
     "turns in the original context above which a frequency stays as it is", true, 3},
    {"rope_original", At(&Shape::rope_original, &Choices::rope_original), 1, 1 << 24,
     "the original context, which was stretched", true, 3},
}};

std::string TextOf(size_t value) { return std::to_string(value); }
std::string TextOf(double value) { return fmt::format("{}", value); }
std::string TextOf(bool value) { return value ? "true" : "false"; }

bool Parse(std::string_view text, size_t& value) {
  const Result<uint64_t> parsed = ParseCount(std::string(text));
  if (parsed.ok()) value = static_cast<size_t>(*parsed);
  return parsed.ok();
}

bool Parse(std::string_view text, double& value) {
  const Result<double> parsed = ParseReal(std::string(text));
  if (parsed.ok()) value = *parsed;
  return parsed.ok();
}

bool Parse(std::string_view text, bool& value) {
  value = text == "true";
  return value || text == "false";
}

bool InRange(const Dimension& dimension, double value) { return value >= dimension.low && value <= dimension.high; }

Status OutOfRange(const Dimension& dimension, std::string_view found) {
  return BadInput(fmt::format("{} is {}, expected {}", dimension.name, found, dimension.Expected()));
}

}  // namespace

std::string Dimension::Text(const ModelShape& shape) const {
  return std::visit([&](const auto at) { return TextOf(shape.*at.value); }, place);
}

std::optional<std::string> Dimension::Text(const ShapeChoices& choices) const {
  return std::visit(
      [&](const auto at) -> std::optional<std::string> {
        if (at.choice == nullptr || !(choices.*at.choice)) return std::nullopt;
        return TextOf(*(choices.*at.choice));
      },
      place);
}

std::string Dimension::Expected() const {
  if (std::holds_alternative<Place<bool>>(place)) return "true or false";
  const char* kind = std::holds_alternative<Place<size_t>>(place) ? "whole number" : "number";
  return fmt::format("a {} from {} to {}", kind, low, high);
}

bool Dimension::is_choice() const {
  return std::visit([](const auto at) { return at.choice != nullptr; }, place);
}

Status Dimension::Set(ModelShape& shape, std::string_view text) const {
  return std::visit(
      [&](const auto at) -> Status {
        auto value = shape.*at.value;
        if (!Parse(text, value) || !InRange(*this, static_cast<double>(value))) {
          return OutOfRange(*this, fmt::format("'{}'", text));
        }
        shape.*at.value = value;
        return {};
      },
      place);
}

Status Dimension::Set(ShapeChoices& choices, std::string_view text) const {
  ModelShape shape;
  CLLM_TRY(Set(shape, text));
  Take(shape, choices);
  return {};
}

void Dimension::Take(const ModelShape& shape, ShapeChoices& choices) const {
  std::visit(
      [&](const auto at) {
        if (at.choice != nullptr) choices.*at.choice = shape.*at.value;
      },
      place);
}

std::span<const Dimension> Dimensions() { return kDimensions; }

Status Validate(const ModelShape& shape) {
  for (const Dimension& dimension : kDimensions) {
    const double value =
        std::visit([&](const auto at) { return static_cast<double>(shape.*at.value); }, dimension.place);
    if (!InRange(dimension, value)) return OutOfRange(dimension, dimension.Text(shape));
  }
  if (shape.heads % shape.kv_heads != 0) {
    return BadInput(fmt::format("kv_heads {} does not divide heads {}; each key/value head serves as many query heads",
                                shape.kv_heads, shape.heads));
  }
  if (shape.head_dim % 2 != 0) {
    return BadInput(fmt::format("head_dim is {} with heads {} and width {}, expected an even number (rotary pairs)",
                                shape.head_dim, shape.heads, shape.width));
  }
  if (!(shape.rope_low < shape.rope_high)) {
    return BadInput(fmt::format("rope_low is {} and rope_high {}, expected the first below the second", shape.rope_low,
                                shape.rope_high));
  }
  return {};
}

std::string DescribeShape(const ModelShape& s) {
  std::string text = fmt::format("{} layer{}, {} head{}, width {}, hidden {}, context {}", s.layers,
                                 s.layers == 1 ? "" : "s", s.heads, s.heads == 1 ? "" : "s", s.width, s.hidden,
                                 s.context);
  const ModelShape plain{.layers = s.layers, .heads = s.heads, .width = s.width};
  for (const Dimension& dimension : Dimensions()) {
    if (dimension.derived && dimension.Text(s) != dimension.Text(plain)) {
      text += fmt::format(", {} {}", dimension.name, dimension.Text(s));
    }
  }
  return text;
}

Result<size_t> DefaultHeadDim(size_t heads, size_t width) {
  if (heads != 0 && width % heads == 0) return width / heads;
  return BadInput(fmt::format("heads {} does not divide width {}; choose a width that is a multiple of the heads, or "
                              "name head_dim",
                              heads, width));
}

Result<ModelShape> ShapeFrom(const ShapeChoices& choices, size_t vocabulary) {
  CHECK(choices.layers && choices.heads && choices.width && choices.hidden && choices.context);
  ModelShape shape{.layers = *choices.layers,
                   .heads = *choices.heads,
                   .width = *choices.width,
                   .hidden = *choices.hidden,
                   .context = *choices.context,
                   .vocabulary = vocabulary};
  if (!choices.head_dim) {
    CLLM_ASSIGN(shape.head_dim, DefaultHeadDim(shape.heads, shape.width));
  }
  for (const Dimension& dimension : Dimensions()) {
    if (const auto text = dimension.Text(choices)) CLLM_TRY(dimension.Set(shape, *text));
  }
  CLLM_TRY(Validate(shape));
  return shape;
}

double MatrixParameters(const ModelShape& s) {
  const double width = static_cast<double>(s.width), layers = static_cast<double>(s.layers);
  const double attention = static_cast<double>(s.qkv_width() + s.query_width());
  return layers * (width * attention + 3 * width * static_cast<double>(s.hidden)) +
         static_cast<double>(s.vocabulary) * width;
}

double FlopPerToken(const ModelShape& s) {
  return 6 * MatrixParameters(s) + 12 * static_cast<double>(s.layers) * static_cast<double>(s.context) *
                                       static_cast<double>(s.query_width());
}

}  // namespace cllm
