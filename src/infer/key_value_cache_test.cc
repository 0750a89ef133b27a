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

// Attention over a whole sequence at once; qkv [T, 3C].
std::vector<float> Whole(const ModelConfig& c, const std::vector<float>& qkv) {
  std::vector<float> out(c.context * c.width);
  AlignedBuffer<float> scratch(AttentionForwardScratch(c.context, c.head_dim()));
  const size_t stride = 3 * c.width;
  AttentionForward({.queries = c.context, .heads = c.heads, .head_dim = c.head_dim()},
                   {qkv.data(), stride, qkv.data() + c.width, stride, qkv.data() + 2 * c.width, stride}, out.data(),
                   c.width, nullptr, scratch.data());
  return out;
}

// The same by `step` positions a time through the cache.
void ByCache(KeyValueCache& cache, const ModelConfig& c, size_t layer, const std::vector<float>& qkv, size_t step,
             std::vector<float>& out) {
  const size_t stride = 3 * c.width;
  for (size_t first = 0; first < c.context; first += step) {
    const size_t rows = std::min(step, c.context - first);
    const float* data = qkv.data() + first * stride;
    cache.Add(layer, {data + c.width, stride, first, rows}, {data + 2 * c.width, stride, first, rows});
    cache.Attend(layer, {data, stride, first, rows}, out.data() + first * c.width);
  }
}

TEST(KeyValueCache, Attend_EqualsAttentionForward_BitForBit) {
  const std::vector<ModelConfig> shapes = {
      {.layers = 2, .heads = 1, .width = 2, .hidden = 1, .context = 1, .vocabulary = 4},
      {.layers = 2, .heads = 3, .width = 30, .hidden = 1, .context = 97, .vocabulary = 4},
      {.layers = 2, .heads = 2, .width = 128, .hidden = 1, .context = 160, .vocabulary = 4}};
  for (const ModelConfig& c : shapes) {
    KeyValueCache cache(c);
    for (const size_t layer : {size_t{1}, size_t{0}}) {
      const std::vector<float> qkv = RandomRows(layer, c.context * 3 * c.width);
      const std::vector<float> expected = Whole(c, qkv);
      for (const size_t step : {size_t{1}, size_t{5}, size_t{31}, size_t{32}, size_t{49}, size_t{150}}) {
        std::vector<float> out(expected.size());
        ByCache(cache, c, layer, qkv, step, out);  // from 0 again each time: what was there is dropped
        ASSERT_EQ(std::memcmp(out.data(), expected.data(), out.size() * sizeof(float)), 0)
            << "context " << c.context << ", layer " << layer << ", by " << step;
      }
    }
  }
}

TEST(KeyValueCache, Layers_AreApart) {
  const ModelConfig c{.layers = 2, .heads = 2, .width = 12, .hidden = 1, .context = 40, .vocabulary = 4};
  const std::vector<float> first = RandomRows(1, c.context * 3 * c.width), second = RandomRows(2, first.size());
  KeyValueCache cache(c);
  std::vector<float> out(c.context * c.width), again(out.size());
  ByCache(cache, c, 0, first, c.context, out);
  ByCache(cache, c, 1, second, c.context, again);
  cache.Attend(0, {first.data(), 3 * c.width, 0, c.context}, again.data());
  EXPECT_EQ(out, again);
}

}  // namespace
}  // namespace cllm
