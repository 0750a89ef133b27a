#include "infer/key_value_cache.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "kernels/gemm/gemm.h"
#include "kernels/gemm/panels.h"
#include "kernels/softmax.h"
#include "nn/attention.h"

namespace cllm {
namespace {

static_assert(kPagePositions % kPanelAlignment == 0);

size_t Pages(size_t positions) { return (positions + kPagePositions - 1) / kPagePositions; }

size_t HeadFloats(const ModelShape& s) { return PackedSize(s.head_dim, kPagePositions) + kPagePositions * s.head_dim; }

size_t ScoreStride(const ModelShape& s) { return Pages(s.context) * kPagePositions; }

}  // namespace

size_t KeyValueCache::ScoreFloats(const ModelShape& shape) { return kQueryBlock * ScoreStride(shape); }

size_t KeyValueCache::PageFloats(const ModelShape& shape) { return shape.layers * shape.kv_heads * HeadFloats(shape); }

size_t KeyValueCache::PageBytes(const ModelShape& shape) { return PageFloats(shape) * sizeof(float); }

size_t KeyValueCache::Bytes(const ModelShape& shape, size_t positions) { return Pages(positions) * PageBytes(shape); }

size_t KeyValueCache::HeadOffset(size_t layer, size_t kv_head) const {
  return (layer * shape_.kv_heads + kv_head) * HeadFloats(shape_);
}

void KeyValueCache::Reserve(size_t rows) {
  CHECK(positions_ + rows <= shape_.context);
  for (size_t i = positions_ / kPagePositions; i < Pages(positions_ + rows); ++i) {
    if (i >= pages_.size()) {
      pages_.push_back(std::make_shared<Page>(PageFloats(shape_)));
    } else if (pages_[i].use_count() > 1) {
      auto own = std::make_shared<Page>(PageFloats(shape_));
      std::ranges::copy(pages_[i]->span(), own->data());
      pages_[i] = std::move(own);
    }
  }
}

void KeyValueCache::Advance(size_t rows) { positions_ += rows; }

void KeyValueCache::Truncate(size_t positions) {
  CHECK(positions <= positions_);
  positions_ = positions;
}

void KeyValueCache::Attend(const AttentionRows& rows, size_t count, float* scores) {
  Add(rows, count);
  const size_t group = shape_.heads / shape_.kv_heads;
  for (size_t head = 0; head < group; ++head) {
    AttendHead(rows, rows.q + head * shape_.head_dim, rows.out + head * shape_.head_dim, count, scores);
  }
}

void KeyValueCache::Add(const AttentionRows& rows, size_t count) {
  const size_t dim = shape_.head_dim, offset = HeadOffset(rows.layer, rows.kv_head);
  for (size_t row = 0; row < count; ++row) {
    const size_t position = positions_ + row, in_page = position % kPagePositions;
    float* keys = pages_[position / kPagePositions]->data() + offset;
    float* values = keys + PackedSize(dim, kPagePositions);
    PackColumn(rows.k + row * rows.stride, dim, in_page, keys);
    std::memcpy(values + in_page * dim, rows.v + row * rows.stride, dim * sizeof(float));
  }
}

// The operations of AttentionForward in their order: the scores of all pages, one softmax, and the sum over the values,
// whose chain each page continues.
void KeyValueCache::AttendHead(const AttentionRows& rows, const float* q, float* out, size_t count,
                               float* scores) const {
  const size_t dim = shape_.head_dim, stride = ScoreStride(shape_), offset = HeadOffset(rows.layer, rows.kv_head);
  const float scale = AttentionScale(dim);
  for (size_t begin = 0; begin < count; begin += kQueryBlock) {
    const size_t n = std::min(kQueryBlock, count - begin), visible = positions_ + begin + n;
    const auto keys_of_page = [&](size_t page) { return std::min(kPagePositions, visible - page * kPagePositions); };
    for (size_t page = 0; page < Pages(visible); ++page) {
      Gemm(n, {.data = q + begin * rows.stride, .row_stride = rows.stride},
           PackedView(pages_[page]->data() + offset, dim, keys_of_page(page)), scores + page * kPagePositions, stride,
           GemmInto::kOverwrite);
    }
    for (size_t r = 0; r < n; ++r) {
      SoftmaxRow(scores + r * stride, positions_ + begin + r + 1, visible, scale);
    }
    for (size_t page = 0; page < Pages(visible); ++page) {
      GemmRows(n, dim, keys_of_page(page), {.data = scores + page * kPagePositions, .row_stride = stride},
               pages_[page]->data() + offset + PackedSize(dim, kPagePositions), dim, out + begin * rows.out_stride,
               rows.out_stride, page == 0 ? GemmInto::kOverwrite : GemmInto::kAdd);
    }
  }
}

}  // namespace cllm
