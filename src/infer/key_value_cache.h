#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/aligned_buffer.h"
#include "model/layer.h"

namespace cllm {

// Positions of a page: a multiple of the panels' alignment. Larger ones mean fewer products for each query, smaller
// ones less memory that a short sequence does not use.
inline constexpr size_t kPagePositions = 128;

// Keys and values of one sequence in all layers, laid out for reading: keys in the panels of the matrix product, values
// by head. It grows by pages. A copy shares the pages until one of the two writes into them; that is how sequences with
// the same beginning share what was computed for it.
//
// Node Zero reserves room before a step and advances after it; in between, workers may attend at once, each for another
// head of a layer. Thread-compatible otherwise.
class KeyValueCache {
 public:
  explicit KeyValueCache(const ModelShape& shape) : shape_(shape) {}

  size_t positions() const { return positions_; }  // that are read

  // Makes room for `rows` positions more. Allocates the pages that are missing and copies those that are shared.
  void Reserve(size_t rows);
  // The `rows` positions after those that are read are there now, in all layers.
  void Advance(size_t rows);
  // Forgets all positions from `positions` on; their pages stay for what comes.
  void Truncate(size_t positions);

  // Adds the keys and values of rows.rows positions from positions() on, and attends to all up to each query's own: bit
  // for bit what AttentionForward computes. scores: ScoreFloats(). REQUIRES: Reserve made room for them.
  void Attend(const AttentionRows& rows, size_t count, float* scores);

  // Floats of scratch for Attend.
  static size_t ScoreFloats(const ModelShape& shape);
  // Bytes of a page, and of all pages of a sequence of `positions`.
  static size_t PageBytes(const ModelShape& shape);
  static size_t Bytes(const ModelShape& shape, size_t positions);

 private:
  // [L, K] times panels of [D, kPagePositions] and values [kPagePositions, D].
  using Page = AlignedBuffer<float>;

  static size_t PageFloats(const ModelShape& shape);
  size_t HeadOffset(size_t layer, size_t kv_head) const;
  void Add(const AttentionRows& rows, size_t count);
  void AttendHead(const AttentionRows& rows, const float* q, float* out, size_t count, float* scores) const;

  ModelShape shape_;
  std::vector<std::shared_ptr<Page>> pages_;  // owners: this cache and the copies of it that have not written there
  size_t positions_ = 0;
};

}  // namespace cllm
