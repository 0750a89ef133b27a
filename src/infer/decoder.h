#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "model/packed_weights.h"
#include "model/parameters.h"
#include "model/rope_table.h"

namespace cllm {

// Runs a model over one growing sequence with a KV cache. Keeps references to shared, read-only weights; owns cache and
// scratch. One worker only. Logits equal those of the full computation bit for bit, however the tokens are split over
// calls.
class Decoder {
 public:
  // packed: forward panels are enough. Both outlive the decoder.
  Decoder(const ModelConfig& config, const Parameters& parameters, const PackedWeights& packed);
  ~Decoder();

  size_t position() const { return position_; }  // tokens in the cache
  size_t context() const { return config_.context; }

  // Appends tokens and returns the logits [V] after the last; valid until the next call. Allocates nothing.
  // REQUIRES: 1 <= tokens.size(), position() + tokens.size() <= context(), every token < vocabulary.
  std::span<const float> Append(std::span<const uint32_t> tokens);

  // The same, with logits [tokens.size(), V] after each token.
  std::vector<float> AppendAll(std::span<const uint32_t> tokens);

  void Clear() { position_ = 0; }

  // Bytes of a decoder, before anything is allocated.
  static size_t Bytes(const ModelConfig& config);

 private:
  struct Buffers;

  // Runs all layers over at most kChunk tokens; their residual stream stays in the buffers.
  void Read(std::span<const uint32_t> tokens);
  void AttentionPart(size_t layer, size_t rows);
  void FeedForwardPart(size_t layer, size_t rows);
  // Logits [rows, V] of the chunk's rows from `first` on.
  void Head(size_t first, size_t rows, float* logits);
  const float* Weight(const TensorInfo& info) const { return parameters_.data() + info.offset; }

  ModelConfig config_;
  const Parameters& parameters_;
  const PackedWeights& packed_;
  RopeTable rope_;
  std::unique_ptr<Buffers> buffers_;
  size_t position_ = 0;
};

}  // namespace cllm
