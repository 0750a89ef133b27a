#pragma once

#include <cstddef>

#include "base/aligned_buffer.h"
#include "model/config.h"

namespace cllm {

// Keys and values of one sequence in all layers, laid out for reading: keys in the panels of the matrix product, packed
// once when they come, values by head. Owns its memory; one worker only.
class KeyValueCache {
 public:
  explicit KeyValueCache(const ModelConfig& config);

  // Rows of queries, keys or values [rows, C] of the positions from `first` on, `stride` floats apart.
  struct Rows {
    const float* data;
    size_t stride;
    size_t first;
    size_t rows;
  };

  // Keys (after RoPE) and values of one layer. REQUIRES: positions are added in order from 0; adding one again drops it
  // and all after it.
  void Add(size_t layer, const Rows& keys, const Rows& values);

  // Causal attention of queries over the keys up to their own positions, out [rows, C]: bit for bit what
  // AttentionForward computes. REQUIRES: keys up to the last query's position were added.
  void Attend(size_t layer, const Rows& queries, float* out);

  // Bytes of a cache, before anything is allocated.
  static size_t Bytes(const ModelConfig& config);

 private:
  static size_t Floats(const ModelConfig& config);
  float* Panels(size_t layer, size_t head);  // of [head_dim, T]
  float* Values(size_t layer, size_t head);  // [T, head_dim]
  void AttendHead(size_t layer, size_t head, const Rows& queries, float* out);

  ModelConfig config_;
  AlignedBuffer<float> buffer_;
  float* panels_;  // [L, H] times PackedSize(head_dim, T)
  float* values_;  // [L, H, T, head_dim]
  float* group_;   // [L, kPanelAlignment, C] the newest keys, whose panels are not full
  float* scores_;  // [kQueryBlock, T rounded up]
};

}  // namespace cllm
