#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/status.h"

namespace cllm {

// The shape of a decoder (design section 3). A member left out takes the value that fits the ones named before it, so
// that `{.heads = 6, .width = 384}` has six key/value heads of 64. A plain value.
struct ModelShape {
  size_t layers = 4;        // L
  size_t heads = 4;         // H, of queries
  size_t width = 128;       // C, of the residual stream
  size_t hidden = 344;      // F, of the feed-forward part
  size_t context = 64;      // T, positions
  size_t vocabulary = 259;  // V
  size_t kv_heads = heads;  // K: each serves heads / kv_heads query heads (Ainslie et al. 2023)
  size_t head_dim = heads == 0 ? 0 : width / heads;  // D
  bool untied = false;        // the head has a matrix of its own instead of the embedding's
  double rope_base = 10000;   // of the rotary frequencies
  double norm_eps = 1e-5;     // added to the mean square in a norm
  // How Llama 3.1 stretches the rotary frequencies to a longer context (rope_table.h); 1: not at all.
  double rope_factor = 1, rope_low = 1, rope_high = 4;
  size_t rope_original = 8192;

  size_t query_width() const { return heads * head_dim; }   // columns of the queries, and of the heads' output
  size_t kv_width() const { return kv_heads * head_dim; }   // columns of the keys, and of the values
  size_t qkv_width() const { return query_width() + 2 * kv_width(); }
  bool operator==(const ModelShape&) const = default;
};

// The dimensions that somebody named; the others are found by planning or follow from these.
struct ShapeChoices {
  std::optional<size_t> layers, heads, width, hidden, context, kv_heads, head_dim;
  std::optional<bool> untied;
  std::optional<double> rope_base, norm_eps, rope_factor, rope_low, rope_high;
  std::optional<size_t> rope_original;
};

// One dimension of a shape. The only table of its kind: validation, model files, a run's options, log and inspection go
// through it.
struct Dimension {
  // Where a value lies in a shape, and in the choices (null for the vocabulary, which is the tokenizer's).
  template <typename Value>
  struct Place {
    Value ModelShape::*value;
    std::optional<Value> ShapeChoices::*choice;
  };
  using AnyPlace = std::variant<Place<size_t>, Place<double>, Place<bool>>;

  std::string_view name;  // as in model files and messages
  AnyPlace place;
  double low, high;  // the range of its values
  std::string_view meaning;
  bool derived = false;  // has a value that fits the other dimensions, if it is not named
  uint64_t since = 1;    // the format of model files that has it first

  // The value as text: a whole number, the shortest decimal that reads back as the same number, or true or false.
  std::string Text(const ModelShape& shape) const;
  // Sets the value from text. Error (BadInput): no such number, or out of range; names the dimension, what was expected
  // and what was found.
  Status Set(ModelShape& shape, std::string_view text) const;
  bool is_choice() const;
  // The choice as text, or nothing; the choice from text (error as above).
  std::optional<std::string> Text(const ShapeChoices& choices) const;
  Status Set(ShapeChoices& choices, std::string_view text) const;
  // Chooses what the shape has.
  void Take(const ModelShape& shape, ShapeChoices& choices) const;
  // "a whole number from 1 to 256".
  std::string Expected() const;
};
std::span<const Dimension> Dimensions();

// Every number in its range and none against another: kv_heads divide heads, head_dim is even. Error (BadInput): names
// the dimensions and both values.
Status Validate(const ModelShape& shape);

// For people: "4 layers, 4 heads, width 128, hidden 344, context 64", and the derived dimensions that do not follow
// from these.
std::string DescribeShape(const ModelShape& shape);

// The head dimension of a model that names none, width / heads. Error (BadInput): heads do not divide the width.
Result<size_t> DefaultHeadDim(size_t heads, size_t width);

// The shape that choices make of a vocabulary; derived dimensions that nobody named fit the others. Error (BadInput):
// as Validate and DefaultHeadDim. REQUIRES: all that are not derived are named.
Result<ModelShape> ShapeFrom(const ShapeChoices& choices, size_t vocabulary);

// Multiply-adds with weights that one token costs in the forward pass: the parameters of all matrices, each once.
double MatrixParameters(const ModelShape& shape);

// FLOP a trained token costs: six for each of those, and attention over the whole square of the context,
// 6 (L (C (2 H + 2 K) D + 3 C F) + V C) + 12 L T H D (design section 14).
double FlopPerToken(const ModelShape& shape);

}  // namespace cllm
