#include "nn/embedding.h"

#include <gtest/gtest.h>

#include <limits>

#include "nn/testing/doubles.h"

namespace cllm {
namespace {

using namespace doubles;

constexpr size_t kVocabulary = 11, kWidth = 20;
constexpr uint32_t kTokens[] = {3, 0, 3, 10, 3, 7};

Gathered Empty() {
  return Gathered({{.rows = kVocabulary, .columns = kWidth, .tile_rows = 4, .tile_columns = kWidth}},
                  kVocabulary * kWidth);
}

TEST(Embedding, Forward_CopiesTheRowsOfTheTokens) {
  const std::vector<float> embedding = RandomFloats(1, kVocabulary * kWidth);
  std::vector<float> x(std::size(kTokens) * kWidth);
  EmbeddingForward(kTokens, embedding.data(), kWidth, x.data());
  for (size_t t = 0; t < std::size(kTokens); ++t) {
    for (size_t c = 0; c < kWidth; ++c) EXPECT_EQ(x[t * kWidth + c], embedding[kTokens[t] * kWidth + c]);
  }
}

TEST(Embedding, Backward_AddsEachPositionToItsToken_ExactlyInAnyOrder) {
  const std::vector<float> d_x = RandomFloats(2, std::size(kTokens) * kWidth);
  Gathered gathered = Empty();
  EmbeddingBackward(kTokens, d_x.data(), kWidth, 0, gathered.sink);
  EXPECT_TRUE(gathered.sink.in_range);
  std::vector<int64_t> expected(kVocabulary * kWidth);
  for (size_t t = std::size(kTokens); t-- > 0;) {
    for (size_t c = 0; c < kWidth; ++c) {
      expected[kTokens[t] * kWidth + c] +=
          static_cast<int64_t>(std::nearbyint(static_cast<double>(d_x[t * kWidth + c]) * 0x1p40));
    }
  }
  EXPECT_EQ(std::vector<int64_t>(gathered.accumulator.values().begin(), gathered.accumulator.values().end()), expected);
}

TEST(Embedding, Backward_NoNumber_IsReported) {
  std::vector<float> d_x(std::size(kTokens) * kWidth, 1.0f);
  d_x.back() = std::numeric_limits<float>::infinity();
  Gathered gathered = Empty();
  EmbeddingBackward(kTokens, d_x.data(), kWidth, 0, gathered.sink);
  EXPECT_FALSE(gathered.sink.in_range);
}

}  // namespace
}  // namespace cllm
