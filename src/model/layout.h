#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/shape.h"
#include "nn/exact_accumulator.h"

namespace cllm {

// What a tensor is for: it decides initial scale, optimizer and weight decay.
enum class TensorRole { kEmbedding, kNorm, kMatrix, kResidualMatrix, kHead };

// One tensor of the flat parameter buffer. Matrices are row-major [rows, columns] with rows = outputs; a norm is
// [1, columns].
struct TensorInfo {
  std::string name;
  TensorRole role;
  size_t rows, columns;
  size_t offset;  // floats from the start of the parameter buffer, a multiple of 16
  size_t index;   // in ParameterLayout::tensors()
  // Rows of each part that Muon orthogonalises apart (query, key, value; gate, up); together all rows.
  std::vector<size_t> parts;
  // The first of the tensor's tile grids in ParameterLayout::grids(); gate_up has two, gate and up, others have one.
  size_t grid = 0;

  size_t size() const { return rows * columns; }
  bool is_norm() const { return role == TensorRole::kNorm; }
};

// All tensors of a shape, in storage order, and the grids by which their gradients change owner: "embedding" [V, C];
// per layer i "layers.i.attention_norm" [C], "layers.i.query_key_value" [(H + 2 K) D, C] (query rows, key rows, value
// rows), "layers.i.attention_output" [C, H D], "layers.i.ffn_norm" [C], "layers.i.gate_up" [2F, C] (gate rows, up
// rows), "layers.i.down" [C, F]; "final_norm" [C]; "head" [V, C] if untied. Immutable.
class ParameterLayout {
 public:
  explicit ParameterLayout(const ModelShape& shape);

  const ModelShape& shape() const { return shape_; }
  const std::vector<TensorInfo>& tensors() const { return tensors_; }
  size_t size() const { return size_; }              // floats of the flat buffer, padding included
  size_t parameters() const { return parameters_; }  // without padding

  const TensorInfo& embedding() const { return tensors_[embedding_]; }
  const TensorInfo& attention_norm(size_t layer) const { return tensors_[layers_[layer].attention_norm]; }
  const TensorInfo& query_key_value(size_t layer) const { return tensors_[layers_[layer].query_key_value]; }
  const TensorInfo& attention_output(size_t layer) const { return tensors_[layers_[layer].attention_output]; }
  const TensorInfo& ffn_norm(size_t layer) const { return tensors_[layers_[layer].ffn_norm]; }
  const TensorInfo& gate_up(size_t layer) const { return tensors_[layers_[layer].gate_up]; }
  const TensorInfo& down(size_t layer) const { return tensors_[layers_[layer].down]; }
  const TensorInfo& final_norm() const { return tensors_[final_norm_]; }
  // What gives the logits: the embedding, or the head's own matrix.
  const TensorInfo& head() const { return tensors_[head_]; }

  const std::vector<TileGrid>& grids() const { return grids_; }
  // The tensor whose gradient a grid holds, or a part of it.
  const TensorInfo& TensorOfGrid(size_t grid) const { return tensors_[tensor_of_grid_[grid]]; }

 private:
  // Indices into tensors_.
  struct LayerTensors {
    size_t attention_norm, query_key_value, attention_output, ffn_norm, gate_up, down;
  };
  LayerTensors AddLayer(size_t layer);
  size_t Add(std::string name, TensorRole role, size_t rows, size_t columns);
  void AddGrid(size_t tensor, TileGrid grid);

  ModelShape shape_;
  std::vector<TensorInfo> tensors_;
  std::vector<LayerTensors> layers_;
  size_t embedding_ = 0, final_norm_ = 0, head_ = 0;
  std::vector<TileGrid> grids_;
  std::vector<size_t> tensor_of_grid_;
  size_t size_ = 0;
  size_t parameters_ = 0;
};

}  // namespace cllm
