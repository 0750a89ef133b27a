#include "infer/key_value_cache.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "kernels/gemm.h"
#include "kernels/rows.h"
#include "math/scalar.h"
#include "nn/attention.h"

namespace cllm {
namespace {

// Keys that are packed together: whole panels on every target.
constexpr size_t kGroup = kPanelAlignment;

size_t RoundUp(size_t n, size_t multiple) { return (n + multiple - 1) / multiple * multiple; }

size_t PanelFloats(const ModelConfig& c) { return c.layers * c.heads * PackedSize(c.head_dim(), c.context); }
size_t ValueFloats(const ModelConfig& c) { return RoundUp(c.layers * c.context * c.width, kGroup); }
size_t GroupFloats(const ModelConfig& c) { return c.layers * kGroup * c.width; }
size_t ScoreStride(const ModelConfig& c) { return RoundUp(c.context, kGroup); }

}  // namespace

size_t KeyValueCache::Floats(const ModelConfig& c) {
  return PanelFloats(c) + ValueFloats(c) + GroupFloats(c) + kQueryBlock * ScoreStride(c);
}

size_t KeyValueCache::Bytes(const ModelConfig& config) { return Floats(config) * sizeof(float); }

KeyValueCache::KeyValueCache(const ModelConfig& config) : config_(config), buffer_(Floats(config)) {
  panels_ = buffer_.data();
  values_ = panels_ + PanelFloats(config);
  group_ = values_ + ValueFloats(config);
  scores_ = group_ + GroupFloats(config);
}

float* KeyValueCache::Panels(size_t layer, size_t head) {
  return panels_ + (layer * config_.heads + head) * PackedSize(config_.head_dim(), config_.context);
}

float* KeyValueCache::Values(size_t layer, size_t head) {
  return values_ + (layer * config_.heads + head) * config_.context * config_.head_dim();
}

void KeyValueCache::Add(size_t layer, const Rows& keys, const Rows& values) {
  const size_t width = config_.width, head_dim = config_.head_dim(), end = keys.first + keys.rows;
  CHECK(end <= config_.context && values.first == keys.first && values.rows == keys.rows);
  float* group = group_ + layer * kGroup * width;
  for (size_t position = keys.first; position < end; ++position) {
    const size_t row = position - keys.first, in_group = position % kGroup;
    std::memcpy(group + in_group * width, keys.data + row * keys.stride, width * sizeof(float));
    for (size_t head = 0; head < config_.heads; ++head) {
      std::memcpy(Values(layer, head) + position * head_dim, values.data + row * values.stride + head * head_dim,
                  head_dim * sizeof(float));
    }
    if (in_group + 1 < kGroup && position + 1 < end) continue;
    for (size_t head = 0; head < config_.heads; ++head) {
      PackColumns(group + head * head_dim, width, head_dim, in_group + 1,
                  Panels(layer, head) + (position - in_group) * head_dim);
    }
  }
}

void KeyValueCache::Attend(size_t layer, const Rows& queries, float* out) {
  for (size_t head = 0; head < config_.heads; ++head) AttendHead(layer, head, queries, out + head * config_.head_dim());
}

// The operations of AttentionForward in their order.
void KeyValueCache::AttendHead(size_t layer, size_t head, const Rows& queries, float* out) {
  const size_t head_dim = config_.head_dim(), stride = ScoreStride(config_);
  const float scale = 1.0f / math::Sqrt(static_cast<float>(head_dim));
  const float* q = queries.data + head * head_dim;
  for (size_t begin = 0; begin < queries.rows; begin += kQueryBlock) {
    const size_t rows = std::min(kQueryBlock, queries.rows - begin);
    const size_t visible = queries.first + begin + rows;
    Gemm(rows, {.data = q + begin * queries.stride, .row_stride = queries.stride},
         PackedView(Panels(layer, head), head_dim, visible), scores_, stride, GemmInto::kOverwrite);
    for (size_t r = 0; r < rows; ++r) {
      SoftmaxRow(scores_ + r * stride, queries.first + begin + r + 1, visible, scale);
    }
    GemmRows(rows, head_dim, visible, {.data = scores_, .row_stride = stride}, Values(layer, head), head_dim,
             out + begin * config_.width, config_.width, GemmInto::kOverwrite);
  }
}

}  // namespace cllm
