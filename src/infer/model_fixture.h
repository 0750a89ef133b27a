#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/random.h"
#include "model/packed_weights.h"
#include "model/parameters.h"
#include "text/tokenizer.h"

// For tests.
namespace cllm {

// Weights and their panels.
struct TestModel {
  ModelConfig config;
  Parameters parameters;
  PackedWeights packed;

  explicit TestModel(const ModelConfig& shape, Precision precision = Precision::kFp32)
      : config(shape), parameters(shape), packed(shape, PackedWeights::Use::kForward, precision) {}
};

// Initial weights times `factor`, norms too: large enough that attention and activations are far from linear.
inline TestModel RandomModel(const ModelConfig& config, uint64_t seed, float factor,
                             Precision precision = Precision::kFp32) {
  TestModel model(config, precision);
  InitializeParameters(seed, config.layers, model.parameters);
  for (const TensorInfo& info : model.parameters.layout().tensors()) {
    for (float& value : model.parameters.tensor(info)) value *= info.role == TensorRole::kNorm ? 0.9f : factor;
  }
  model.packed.PackAll(model.parameters);
  return model;
}

// A byte model that continues token t with next[t], whatever came before: embeddings are unit vectors, attention adds
// nothing, hidden unit t answers token t alone and writes the vector of next[t].
inline TestModel SuccessorModel(const std::vector<uint32_t>& next, size_t context) {
  const size_t vocabulary = next.size(), width = (vocabulary + 1) / 2 * 2;
  TestModel model({.layers = 1, .heads = 1, .width = width, .hidden = vocabulary, .context = context,
                   .vocabulary = vocabulary});
  const ParameterLayout& layout = model.parameters.layout();
  for (const TensorInfo& norm : {layout.attention_norm(0), layout.ffn_norm(0), layout.final_norm()}) {
    for (float& value : model.parameters.tensor(norm)) value = 1;
  }
  float* values = model.parameters.data();
  for (size_t t = 0; t < vocabulary; ++t) {
    values[layout.embedding().offset + t * width + t] = 1;
    values[layout.gate_up(0).offset + t * width + t] = 1;
    values[layout.gate_up(0).offset + (vocabulary + t) * width + t] = 1;
    values[layout.down(0).offset + next[t] * vocabulary + t] = 1;
  }
  model.packed.PackAll(model.parameters);
  return model;
}

// The successors that make a byte model say `text` after the begin token, then the end token.
// REQUIRES: no byte twice.
inline std::vector<uint32_t> Saying(const std::string& text) {
  std::vector<uint32_t> next(kByteVocabulary, kEndId);
  uint32_t last = kBeginId;
  for (const char c : text) {
    next[last] = kFirstByteId + static_cast<unsigned char>(c);
    last = next[last];
  }
  return next;
}

inline std::vector<uint32_t> RandomTokens(uint64_t seed, size_t n, size_t vocabulary) {
  std::vector<uint32_t> tokens(n);
  for (size_t i = 0; i < n; ++i) tokens[i] = static_cast<uint32_t>(RandomBits(seed, i) % vocabulary);
  return tokens;
}

}  // namespace cllm
