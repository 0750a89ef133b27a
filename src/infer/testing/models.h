#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "model/weights.h"
#include "text/tokenizer.h"

// Small models for tests.
namespace cllm {

inline Parameters CopyOf(const Parameters& values) {
  Parameters copy(values.shape());
  std::copy_n(values.data(), values.layout().size(), copy.data());
  return copy;
}

inline Weights ToRead(const Parameters& values, Storage storage = Storage::kF32) { return {CopyOf(values), storage}; }

inline Weights ToTrain(const Parameters& values, Precision precision) {
  Weights weights(values.shape(), precision);
  weights.parameters() = CopyOf(values);
  weights.PackAll();
  return weights;
}

// Initial weights times `factor`, norms too: large enough that attention and activations are far from linear.
inline Parameters RandomModel(const ModelShape& shape, uint64_t seed, float factor) {
  Parameters values(shape);
  InitializeParameters(seed, values);
  for (const TensorInfo& info : values.layout().tensors()) {
    for (float& value : values.tensor(info)) value *= info.is_norm() ? 0.9f : factor;
  }
  return values;
}

// A byte model that continues token t with next[t], whatever came before: embeddings are unit vectors, attention adds
// nothing, hidden unit t answers token t alone and writes the vector of next[t].
inline Parameters SuccessorModel(const std::vector<uint32_t>& next, size_t context) {
  const size_t vocabulary = next.size(), width = (vocabulary + 1) / 2 * 2;
  Parameters model({.layers = 1, .heads = 1, .width = width, .hidden = vocabulary, .context = context,
                    .vocabulary = vocabulary});
  const ParameterLayout& layout = model.layout();
  for (const TensorInfo& norm : {layout.attention_norm(0), layout.ffn_norm(0), layout.final_norm()}) {
    for (float& value : model.tensor(norm)) value = 1;
  }
  float* values = model.data();
  for (size_t t = 0; t < vocabulary; ++t) {
    values[layout.embedding().offset + t * width + t] = 1;
    values[layout.gate_up(0).offset + t * width + t] = 1;
    values[layout.gate_up(0).offset + (vocabulary + t) * width + t] = 1;
    values[layout.down(0).offset + next[t] * vocabulary + t] = 1;
  }
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

inline bool SameBits(std::span<const float> a, std::span<const float> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

}  // namespace cllm
