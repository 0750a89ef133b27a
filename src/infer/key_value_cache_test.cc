#include "infer/key_value_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/random.h"
#include "nn/attention.h"

namespace cllm {
namespace {

std::vector<float> RandomRows(uint64_t seed, size_t n) {
  std::vector<float> rows(n);
  for (size_t i = 0; i < n; ++i) rows[i] = 4 * UnitFloat(RandomBits(seed, i)) - 2;
  return rows;
}

// Attention over a whole sequence at once; qkv [T, (H + 2 K) D].
std::vector<float> Whole(const ModelShape& c, const std::vector<float>& qkv) {
  std::vector<float> out(c.context * c.query_width());
  AlignedBuffer<float> scratch(AttentionForwardScratch(c.context, c.head_dim));
  const size_t stride = c.qkv_width();
  const float* k = qkv.data() + c.query_width();
  AttentionForward({.queries = c.context, .heads = c.heads, .head_dim = c.head_dim, .kv_heads = c.kv_heads},
                   {qkv.data(), stride, k, stride, k + c.kv_width(), stride}, {out.data(), c.query_width(), nullptr},
                   scratch.data());
  return out;
}

// Positions [first, first + rows) of one layer through the cache; they are not advanced over.
void Attend(KeyValueCache& cache, const ModelShape& c, size_t layer, const std::vector<float>& qkv, size_t rows,
            std::vector<float>& out) {
  std::vector<float> scores(KeyValueCache::ScoreFloats(c));
  const size_t stride = c.qkv_width(), group = c.heads / c.kv_heads, first = cache.positions();
  const float* q = qkv.data() + first * stride;
  for (size_t head = 0; head < c.kv_heads; ++head) {
    const float* k = q + c.query_width() + head * c.head_dim;
    cache.Attend({.layer = layer,
                  .segment = 0,
                  .kv_head = head,
                  .q = q + head * group * c.head_dim,
                  .k = k,
                  .v = k + c.kv_width(),
                  .stride = stride,
                  .out = out.data() + first * c.query_width() + head * group * c.head_dim,
                  .out_stride = c.query_width()},
                 rows, scores.data());
  }
}

// The whole sequence by `step` positions a time through the cache.
void BySteps(KeyValueCache& cache, const ModelShape& c, size_t layer, const std::vector<float>& qkv, size_t step,
             std::vector<float>& out) {
  cache.Truncate(0);
  while (cache.positions() < c.context) {
    const size_t rows = std::min(step, c.context - cache.positions());
    cache.Reserve(rows);
    Attend(cache, c, layer, qkv, rows, out);
    cache.Advance(rows);
  }
}

const ModelShape kShapes[] = {
    {.layers = 2, .heads = 1, .width = 2, .hidden = 1, .context = 1, .vocabulary = 4},
    {.layers = 2, .heads = 3, .width = 30, .hidden = 1, .context = 97, .vocabulary = 4},
    {.layers = 2, .heads = 2, .width = 128, .hidden = 1, .context = 300, .vocabulary = 4},
    {.layers = 2, .heads = 6, .width = 30, .hidden = 1, .context = 140, .vocabulary = 4, .kv_heads = 2, .head_dim = 8}};

TEST(KeyValueCache, Attend_EqualsAttentionForward_BitForBit) {
  for (const ModelShape& c : kShapes) {
    KeyValueCache cache(c);
    for (const size_t layer : {size_t{1}, size_t{0}}) {
      const std::vector<float> qkv = RandomRows(layer, c.context * c.qkv_width());
      const std::vector<float> expected = Whole(c, qkv);
      for (const size_t step : {size_t{1}, size_t{5}, size_t{31}, size_t{32}, size_t{49}, size_t{150}}) {
        std::vector<float> out(expected.size());
        BySteps(cache, c, layer, qkv, step, out);  // from 0 again each time: what was there is overwritten
        ASSERT_EQ(std::memcmp(out.data(), expected.data(), out.size() * sizeof(float)), 0)
            << "context " << c.context << ", layer " << layer << ", by " << step;
      }
    }
  }
}

TEST(KeyValueCache, Layers_AreApart) {
  const ModelShape c = kShapes[1];
  const std::vector<float> first = RandomRows(1, c.context * c.qkv_width()), second = RandomRows(2, first.size());
  KeyValueCache cache(c);
  std::vector<float> out(c.context * c.query_width()), other(out.size()), again(out.size());
  cache.Reserve(c.context);
  Attend(cache, c, 0, first, c.context, out);
  Attend(cache, c, 1, second, c.context, other);
  Attend(cache, c, 0, first, c.context, again);
  EXPECT_EQ(out, again);
  EXPECT_NE(out, other);
}

// A copy reads what was there when it was made, whatever the original writes then, and the other way round.
TEST(KeyValueCache, Copy_KeepsItsOwnContinuation) {
  const ModelShape c = kShapes[2];
  const std::vector<float> qkv = RandomRows(3, c.context * c.qkv_width());
  std::vector<float> other = RandomRows(4, qkv.size());
  std::copy_n(qkv.begin(), 150 * c.qkv_width(), other.begin());
  KeyValueCache original(c);
  std::vector<float> out(c.context * c.query_width()), of_copy(out.size());
  original.Reserve(150);
  Attend(original, c, 0, qkv, 150, out);
  original.Advance(150);
  std::copy_n(out.begin(), 150 * c.query_width(), of_copy.begin());
  KeyValueCache copy = original;
  for (KeyValueCache* cache : {&original, &copy}) {
    cache->Reserve(150);
    Attend(*cache, c, 0, cache == &original ? qkv : other, 150, cache == &original ? out : of_copy);
    cache->Advance(150);
  }
  EXPECT_EQ(out, Whole(c, qkv));
  EXPECT_EQ(of_copy, Whole(c, other));
}

TEST(KeyValueCache, Bytes_AreThoseOfThePagesForSoManyPositions) {
  const ModelShape c = kShapes[2];
  EXPECT_EQ(KeyValueCache::Bytes(c, 0), 0u);
  EXPECT_EQ(KeyValueCache::Bytes(c, 1), KeyValueCache::PageBytes(c));
  EXPECT_EQ(KeyValueCache::Bytes(c, kPagePositions + 1), 2 * KeyValueCache::PageBytes(c));
  EXPECT_EQ(KeyValueCache::PageBytes(c), 2 * c.layers * kPagePositions * c.kv_width() * sizeof(float));
}

}  // namespace
}  // namespace cllm
