#include "model/config.h"

#include <fmt/format.h>

namespace cllm {
namespace {

constexpr size_t kAlignFloats = 16;

Status InRange(const char* option, size_t value, size_t low, size_t high) {
  if (value >= low && value <= high) return {};
  return Usage(fmt::format("--{} is {}, expected {} to {}", option, value, low, high));
}

}  // namespace

Status Validate(const ModelConfig& config) {
  CLLM_TRY(InRange("layers", config.layers, 1, 256));
  CLLM_TRY(InRange("heads", config.heads, 1, 256));
  CLLM_TRY(InRange("width", config.width, 2, 8192));
  CLLM_TRY(InRange("hidden", config.hidden, 1, 32768));
  CLLM_TRY(InRange("context", config.context, 1, 65536));
  CLLM_TRY(InRange("vocabulary", config.vocabulary, 4, 1 << 20));
  if (config.width % config.heads != 0) {
    return Usage(fmt::format("--heads {} does not divide --width {}; choose a width that is a multiple of the heads",
                             config.heads, config.width));
  }
  if (config.head_dim() % 2 != 0) {
    return Usage(fmt::format("--width {} over --heads {} gives a head size of {}, expected an even one (rotary pairs)",
                             config.width, config.heads, config.head_dim()));
  }
  return {};
}

ParameterLayout::ParameterLayout(const ModelConfig& c) {
  Add("embedding", TensorRole::kEmbedding, c.vocabulary, c.width, 1);
  for (size_t i = 0; i < c.layers; ++i) {
    const std::string prefix = fmt::format("layers.{}.", i);
    Add(prefix + "attention_norm", TensorRole::kNorm, 1, c.width, 1);
    Add(prefix + "query_key_value", TensorRole::kMatrix, 3 * c.width, c.width, 3);
    Add(prefix + "attention_output", TensorRole::kResidualMatrix, c.width, c.width, 1);
    Add(prefix + "ffn_norm", TensorRole::kNorm, 1, c.width, 1);
    Add(prefix + "gate_up", TensorRole::kMatrix, 2 * c.hidden, c.width, 2);
    Add(prefix + "down", TensorRole::kResidualMatrix, c.width, c.hidden, 1);
  }
  Add("final_norm", TensorRole::kNorm, 1, c.width, 1);
}

void ParameterLayout::Add(std::string name, TensorRole role, size_t rows, size_t columns, size_t parts) {
  tensors_.push_back({std::move(name), role, rows, columns, size_, parts});
  parameters_ += rows * columns;
  size_ += (rows * columns + kAlignFloats - 1) / kAlignFloats * kAlignFloats;
}

double FlopPerToken(const ModelConfig& c) {
  const double width = static_cast<double>(c.width), layers = static_cast<double>(c.layers);
  const double matrices = layers * (4 * width * width + 3 * width * static_cast<double>(c.hidden)) +
                          static_cast<double>(c.vocabulary) * width;
  return 6 * matrices + 12 * layers * static_cast<double>(c.context) * width;
}

}  // namespace cllm
