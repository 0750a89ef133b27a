#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

namespace cllm {

// The shape of a decoder: L layers of H heads, width C, hidden width F, context T, vocabulary V (design section 3).
struct ModelConfig {
  size_t layers = 4;
  size_t heads = 4;
  size_t width = 128;
  size_t hidden = 344;
  size_t context = 64;
  size_t vocabulary = 259;

  size_t head_dim() const { return width / heads; }
  bool operator==(const ModelConfig&) const = default;
};

inline constexpr float kNormEps = 1e-5f;
inline constexpr double kRopeBase = 10000.0;

// Every number in range, heads dividing the width, even head size; the text names the option and the value found.
Status Validate(const ModelConfig& config);

// What a tensor is for: it decides initial scale, optimizer and weight decay.
enum class TensorRole { kEmbedding, kNorm, kMatrix, kResidualMatrix };

// One tensor of the flat parameter buffer. Matrices are row-major [rows, columns] with rows = outputs; a norm is
// [1, columns].
struct TensorInfo {
  std::string name;
  TensorRole role;
  size_t rows, columns;
  size_t offset;  // floats from the start of the parameter buffer, a multiple of 16
  // Parts that Muon orthogonalises apart (query, key, value; gate, up): rows / parts each.
  size_t parts;

  size_t size() const { return rows * columns; }
};

// All tensors in storage order: "embedding" [V, C]; per layer i "layers.i.attention_norm" [C],
// "layers.i.query_key_value" [3C, C] (query rows, key rows, value rows), "layers.i.attention_output" [C, C],
// "layers.i.ffn_norm" [C], "layers.i.gate_up" [2F, C] (gate rows, up rows), "layers.i.down" [C, F]; "final_norm" [C].
class ParameterLayout {
 public:
  explicit ParameterLayout(const ModelConfig& config);

  const std::vector<TensorInfo>& tensors() const { return tensors_; }
  size_t size() const { return size_; }              // floats of the flat buffer, padding included
  size_t parameters() const { return parameters_; }  // without padding

  const TensorInfo& embedding() const { return tensors_.front(); }
  const TensorInfo& attention_norm(size_t layer) const { return tensors_[1 + 6 * layer]; }
  const TensorInfo& query_key_value(size_t layer) const { return tensors_[2 + 6 * layer]; }
  const TensorInfo& attention_output(size_t layer) const { return tensors_[3 + 6 * layer]; }
  const TensorInfo& ffn_norm(size_t layer) const { return tensors_[4 + 6 * layer]; }
  const TensorInfo& gate_up(size_t layer) const { return tensors_[5 + 6 * layer]; }
  const TensorInfo& down(size_t layer) const { return tensors_[6 + 6 * layer]; }
  const TensorInfo& final_norm() const { return tensors_.back(); }

 private:
  void Add(std::string name, TensorRole role, size_t rows, size_t columns, size_t parts);
  std::vector<TensorInfo> tensors_;
  size_t size_ = 0;
  size_t parameters_ = 0;
};

// FLOP a trained token costs: 6 (L (4C^2 + 3CF) + V C) + 12 L T C (design section 14).
double FlopPerToken(const ModelConfig& config);

}  // namespace cllm
