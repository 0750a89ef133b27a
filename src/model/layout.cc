#include "model/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "nn/feed_forward.h"

namespace cllm {
namespace {

constexpr size_t kAlignFloats = 16;

TileGrid WholeRows(size_t offset, size_t rows, size_t columns) {
  return {offset, rows, columns, std::clamp<size_t>(TileRows(columns), 1, rows), columns};
}

// Whole rows, or blocks of them where few rows would fit: a tile of few rows reads much of x for each of them.
TileGrid Blocks(size_t offset, size_t rows, size_t columns) {
  constexpr size_t kFewRows = 36, kBlockColumns = 256;
  if (TileRows(columns) >= kFewRows) return WholeRows(offset, rows, columns);
  return {offset, rows, columns, TileRows(kBlockColumns), kBlockColumns};
}

// The feed-forward's gradients leave by hidden blocks, so tile rows divide kHiddenBlock.
TileGrid HiddenRows(size_t offset, size_t rows, size_t columns) {
  TileGrid grid = Blocks(offset, rows, columns);
  while (grid.tile_rows < rows && kHiddenBlock % grid.tile_rows != 0) grid.tile_rows -= kRegisterRows;
  return grid;
}

TileGrid HiddenColumns(size_t offset, size_t rows, size_t columns) {
  return {offset, rows, columns, std::min(rows, TileRows(kHiddenBlock)), kHiddenBlock};
}

}  // namespace

ParameterLayout::ParameterLayout(const ModelShape& shape) : shape_(shape) {
  const size_t width = shape.width;
  embedding_ = Add("embedding", TensorRole::kEmbedding, shape.vocabulary, width);
  AddGrid(embedding_, WholeRows(tensors_[embedding_].offset, shape.vocabulary, width));
  for (size_t layer = 0; layer < shape.layers; ++layer) layers_.push_back(AddLayer(layer));
  final_norm_ = Add("final_norm", TensorRole::kNorm, 1, width);
  AddGrid(final_norm_, WholeRows(tensors_[final_norm_].offset, 1, width));
  head_ = embedding_;
  if (!shape.untied) return;
  head_ = Add("head", TensorRole::kHead, shape.vocabulary, width);
  AddGrid(head_, WholeRows(tensors_[head_].offset, shape.vocabulary, width));
}

ParameterLayout::LayerTensors ParameterLayout::AddLayer(size_t layer) {
  const ModelShape& s = shape_;
  const auto add = [&](const char* name, TensorRole role, size_t rows, size_t columns) {
    return Add(fmt::format("layers.{}.{}", layer, name), role, rows, columns);
  };
  const auto offset = [&](size_t tensor) { return tensors_[tensor].offset; };
  LayerTensors t{};
  t.attention_norm = add("attention_norm", TensorRole::kNorm, 1, s.width);
  AddGrid(t.attention_norm, WholeRows(offset(t.attention_norm), 1, s.width));
  t.query_key_value = add("query_key_value", TensorRole::kMatrix, s.qkv_width(), s.width);
  tensors_[t.query_key_value].parts = {s.query_width(), s.kv_width(), s.kv_width()};
  AddGrid(t.query_key_value, Blocks(offset(t.query_key_value), s.qkv_width(), s.width));
  t.attention_output = add("attention_output", TensorRole::kResidualMatrix, s.width, s.query_width());
  AddGrid(t.attention_output, Blocks(offset(t.attention_output), s.width, s.query_width()));
  t.ffn_norm = add("ffn_norm", TensorRole::kNorm, 1, s.width);
  AddGrid(t.ffn_norm, WholeRows(offset(t.ffn_norm), 1, s.width));
  t.gate_up = add("gate_up", TensorRole::kMatrix, 2 * s.hidden, s.width);
  tensors_[t.gate_up].parts = {s.hidden, s.hidden};
  AddGrid(t.gate_up, HiddenRows(offset(t.gate_up), s.hidden, s.width));
  AddGrid(t.gate_up, HiddenRows(offset(t.gate_up) + s.hidden * s.width, s.hidden, s.width));
  t.down = add("down", TensorRole::kResidualMatrix, s.width, s.hidden);
  AddGrid(t.down, HiddenColumns(offset(t.down), s.width, s.hidden));
  return t;
}

size_t ParameterLayout::Add(std::string name, TensorRole role, size_t rows, size_t columns) {
  const size_t index = tensors_.size();
  tensors_.push_back({.name = std::move(name),
                      .role = role,
                      .rows = rows,
                      .columns = columns,
                      .offset = size_,
                      .index = index,
                      .parts = {rows}});
  parameters_ += rows * columns;
  size_ += (rows * columns + kAlignFloats - 1) / kAlignFloats * kAlignFloats;
  return index;
}

void ParameterLayout::AddGrid(size_t tensor, TileGrid grid) {
  if (tensor_of_grid_.empty() || tensor_of_grid_.back() != tensor) tensors_[tensor].grid = grids_.size();
  grids_.push_back(grid);
  tensor_of_grid_.push_back(tensor);
}

}  // namespace cllm
