#include "train/gradient_exchange.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "base/random.h"

namespace cllm {
namespace {

// More parameters than a chunk of the norm holds, and an uneven last one.
constexpr ModelShape kConfig{.layers = 2, .heads = 2, .width = 64, .hidden = 88, .context = 8, .vocabulary = 301};

class Exchange : public testing::Test {
 protected:
  explicit Exchange(size_t leaves = 3) {
    auto spheres = Spheres::Start({.leaves = leaves});
    CHECK(spheres.ok());
    spheres_ = *std::move(spheres);
    auto contexts = PerLeaf<TrainingContext>::Make(
        *spheres_, [](const Leaf&) { return std::make_unique<TrainingContext>(kConfig, 1); });
    CHECK(contexts.ok());
    contexts_ = std::make_unique<PerLeaf<TrainingContext>>(*std::move(contexts));
  }
  LocalExchange Make() { return {ParameterLayout(kConfig), *spheres_, *contexts_}; }
  // As items would leave it: element j holds a number of 2^-40 steps that is a function of j.
  void Fill(LocalExchange& exchange) const {
    for (size_t j = 0; j < size_; ++j) exchange.sum()[j] = Value(j);
  }
  static Result<double> Sum(LocalExchange& exchange) {
    LossSums losses;
    return exchange.Sum({}, losses);
  }
  static int64_t Value(size_t j) { return static_cast<int64_t>(RandomBits(1, j) % (uint64_t{1} << 38)) - (1ll << 37); }

  std::unique_ptr<Spheres> spheres_;
  std::unique_ptr<PerLeaf<TrainingContext>> contexts_;
  const size_t size_ = ParameterLayout(kConfig).size();
};

TEST_F(Exchange, Sum_OneDomain_KeepsTheGradientAndReturnsItsNorm) {
  ASSERT_GT(size_, 2 * kNormChunk);
  LocalExchange exchange = Make();
  Fill(exchange);
  double squares = 0;
  for (size_t j = 0; j < size_; ++j) squares += std::pow(static_cast<double>(Value(j)) * 0x1p-40, 2);
  const Result<double> norm = Sum(exchange);
  ASSERT_TRUE(norm.ok());
  EXPECT_NEAR(*norm, std::sqrt(squares), 1e-6 * *norm);
  for (size_t j = 0; j < size_; ++j) ASSERT_EQ(exchange.sum()[j], Value(j));
  EXPECT_EQ(std::bit_cast<uint64_t>(*Sum(exchange)), std::bit_cast<uint64_t>(*norm));
}

TEST_F(Exchange, Clear_ForgetsEverything) {
  LocalExchange exchange = Make();
  Fill(exchange);
  exchange.Clear();
  EXPECT_EQ(*Sum(exchange), 0.0);
  EXPECT_EQ(exchange.rank().count, 1u);
}

// The norm adds chunks up in their order: sums that another order would round differently.
TEST(NormOfChunks, AddsInOrder) {
  const double squares[] = {1, 0x1p-53, 0x1p-53, 0x1p-53, 0x1p-53};
  EXPECT_EQ(NormOfChunks(squares), 1.0);
}

}  // namespace
}  // namespace cllm
