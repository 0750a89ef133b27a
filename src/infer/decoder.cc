#include "infer/decoder.h"

#include <algorithm>

#include "base/aligned_buffer.h"
#include "base/check.h"
#include "base/lines.h"
#include "infer/key_value_cache.h"
#include "kernels/rows.h"
#include "nn/embedding.h"
#include "nn/feed_forward.h"

namespace cllm {
namespace {

// Tokens that go through the layers together: enough rows that reading the weights costs little, few enough that the
// scratch stays small.
constexpr size_t kChunk = 64;

// Tensor indices of ParameterLayout.
constexpr size_t kEmbedding = 0;
enum LayerTensor : size_t { kQueryKeyValue = 1, kAttentionOutput = 2, kGateUp = 4, kDown = 5 };
size_t Tensor(size_t layer, LayerTensor which) { return 1 + 6 * layer + which; }

size_t ChunkRows(const ModelConfig& c) { return std::min(kChunk, c.context); }

}  // namespace

// Cache and scratch; R = ChunkRows.
struct Decoder::Buffers {
  KeyValueCache cache;
  float* residual;     // [R, C]
  float* normed;       // [R, C]
  float* qkv;          // [R, 3C]
  float* attention;    // [R, C] heads' output before the output projection
  float* branch;       // [R, C] what a branch adds to the residual stream
  float* gate_up;      // [R, 2F]
  float* inverse_rms;  // [R]
  float* block;        // feed-forward scratch
  float* logits;       // [V]

  explicit Buffers(const ModelConfig& c) : cache(c), buffer_(Floats(c)) {
    const size_t rows = ChunkRows(c);
    residual = Take(rows * c.width);
    normed = Take(rows * c.width);
    qkv = Take(rows * 3 * c.width);
    attention = Take(rows * c.width);
    branch = Take(rows * c.width);
    gate_up = Take(rows * GateUpStride(c.hidden));
    inverse_rms = Take(rows);
    block = Take(FeedForwardScratch(rows));
    logits = Take(c.vocabulary);
    CHECK(taken_ == buffer_.size());
  }

  static size_t Floats(const ModelConfig& c) {
    const size_t rows = ChunkRows(c);
    return 4 * WholeLines(rows * c.width) + WholeLines(rows * 3 * c.width) + WholeLines(rows * GateUpStride(c.hidden)) +
           WholeLines(rows) + WholeLines(FeedForwardScratch(rows)) + WholeLines(c.vocabulary);
  }

 private:
  float* Take(size_t floats) {
    float* start = buffer_.data() + taken_;
    taken_ += WholeLines(floats);
    return start;
  }

  AlignedBuffer<float> buffer_;
  size_t taken_ = 0;
};

Decoder::Decoder(const ModelConfig& config, const Parameters& parameters, const PackedWeights& packed)
    : config_(config),
      parameters_(parameters),
      packed_(packed),
      rope_(config.context, config.head_dim()),
      buffers_(std::make_unique<Buffers>(config)) {}

Decoder::~Decoder() = default;

size_t Decoder::Bytes(const ModelConfig& config) {
  const size_t rope = 2 * WholeLines(config.context * config.head_dim() / 2);
  return KeyValueCache::Bytes(config) + (Buffers::Floats(config) + rope) * sizeof(float);
}

std::span<const float> Decoder::Append(std::span<const uint32_t> tokens) {
  CHECK(!tokens.empty() && tokens.size() <= config_.context - position_);
  size_t rows = 0;
  for (; !tokens.empty(); tokens = tokens.subspan(rows)) {
    rows = std::min(tokens.size(), ChunkRows(config_));
    Read(tokens.first(rows));
  }
  Head(rows - 1, 1, buffers_->logits);
  return {buffers_->logits, config_.vocabulary};
}

std::vector<float> Decoder::AppendAll(std::span<const uint32_t> tokens) {
  CHECK(!tokens.empty() && tokens.size() <= config_.context - position_);
  std::vector<float> logits(tokens.size() * config_.vocabulary);
  for (size_t begin = 0; begin < tokens.size();) {
    const size_t rows = std::min(tokens.size() - begin, ChunkRows(config_));
    Read(tokens.subspan(begin, rows));
    Head(0, rows, logits.data() + begin * config_.vocabulary);
    begin += rows;
  }
  return logits;
}

void Decoder::Read(std::span<const uint32_t> tokens) {
  for (uint32_t token : tokens) CHECK(token < config_.vocabulary);
  EmbeddingForward(tokens, Weight(parameters_.layout().embedding()), config_.width, buffers_->residual);
  for (size_t layer = 0; layer < config_.layers; ++layer) {
    AttentionPart(layer, tokens.size());
    FeedForwardPart(layer, tokens.size());
  }
  position_ += tokens.size();
}

// The operations of Transformer::AttentionPart in their order, with keys and values in the cache.
void Decoder::AttentionPart(size_t layer, size_t rows) {
  Buffers& b = *buffers_;
  const size_t width = config_.width, stride = 3 * width, heads = config_.heads, head_dim = config_.head_dim();
  RmsNorm(b.residual, width, Weight(parameters_.layout().attention_norm(layer)), rows, width, kNormEps, b.normed,
          width, b.inverse_rms);
  LinearForward(b.normed, width, rows, packed_.forward(Tensor(layer, kQueryKeyValue)), b.qkv, stride);
  for (float* part : {b.qkv, b.qkv + width}) {
    Rope(part, stride, rows, heads, head_dim, position_, rope_.cosines(), rope_.sines());
  }
  b.cache.Add(layer, {b.qkv + width, stride, position_, rows}, {b.qkv + 2 * width, stride, position_, rows});
  b.cache.Attend(layer, {b.qkv, stride, position_, rows}, b.attention);
  LinearForward(b.attention, width, rows, packed_.forward(Tensor(layer, kAttentionOutput)), b.branch, width);
  AddTo(b.residual, b.branch, rows * width);
}

void Decoder::FeedForwardPart(size_t layer, size_t rows) {
  const Buffers& b = *buffers_;
  const size_t width = config_.width;
  RmsNorm(b.residual, width, Weight(parameters_.layout().ffn_norm(layer)), rows, width, kNormEps, b.normed, width,
          b.inverse_rms);
  FeedForward({rows, width, config_.hidden}, b.normed,
              {.gate_up = packed_.forward(Tensor(layer, kGateUp)), .down = packed_.forward(Tensor(layer, kDown))},
              b.gate_up, b.branch, b.block);
  AddTo(b.residual, b.branch, rows * width);
}

void Decoder::Head(size_t first, size_t rows, float* logits) {
  const Buffers& b = *buffers_;
  const size_t width = config_.width;
  RmsNorm(b.residual + first * width, width, Weight(parameters_.layout().final_norm()), rows, width, kNormEps, b.normed,
          width, b.inverse_rms);
  LinearForward(b.normed, width, rows, packed_.forward(kEmbedding), logits, config_.vocabulary);
}

}  // namespace cllm
