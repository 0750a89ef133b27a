#include "model/parameters.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace cllm {
namespace {

constexpr ModelShape kConfig{
    .layers = 3, .heads = 2, .width = 64, .hidden = 96, .context = 8, .vocabulary = 300, .untied = true};

Parameters Initial(uint64_t seed) {
  Parameters parameters(kConfig);
  InitializeParameters(seed, parameters);
  return parameters;
}

double ExpectedDeviation(TensorRole role) {
  switch (role) {
    case TensorRole::kEmbedding:
      return 0.04;
    case TensorRole::kMatrix:
    case TensorRole::kHead:
      return 0.02;
    case TensorRole::kResidualMatrix:
      return 0.02 / std::sqrt(6.0);
    case TensorRole::kNorm:
      return 0;
  }
  return 0;
}

// Mean and deviation within five of their own deviations; no value beyond what a normal distribution gives.
TEST(InitializeParameters, MatricesAreNormalWithTheDesignsDeviations) {
  const Parameters parameters = Initial(1);
  for (const TensorInfo& info : parameters.layout().tensors()) {
    const auto values = parameters.tensor(info);
    const double n = static_cast<double>(values.size()), deviation = ExpectedDeviation(info.role);
    if (info.role == TensorRole::kNorm) {
      EXPECT_TRUE(std::all_of(values.begin(), values.end(), [](float x) { return x == 1; })) << info.name;
      continue;
    }
    double sum = 0, squares = 0, fourth = 0, largest = 0;
    for (const float value : values) {
      const double x = value / deviation;
      sum += x;
      squares += x * x;
      fourth += x * x * x * x;
      largest = std::max(largest, std::abs(x));
    }
    EXPECT_NEAR(sum / n, 0, 5 / std::sqrt(n)) << info.name;
    EXPECT_NEAR(squares / n, 1, 5 * std::sqrt(2 / n)) << info.name;
    EXPECT_NEAR(fourth / n, 3, 5 * std::sqrt(96 / n)) << info.name;
    EXPECT_LT(largest, 6.5) << info.name;
  }
}

TEST(InitializeParameters, SameSeedSameBits_OtherSeedOthers) {
  EXPECT_EQ(WeightHash(Initial(1)), WeightHash(Initial(1)));
  EXPECT_NE(WeightHash(Initial(1)), WeightHash(Initial(2)));
}

TEST(InitializeParameters, TensorsDifferFromEachOther) {
  const Parameters parameters = Initial(1);
  const auto first = parameters.tensor(parameters.layout().query_key_value(0));
  const auto second = parameters.tensor(parameters.layout().query_key_value(1));
  EXPECT_FALSE(std::equal(first.begin(), first.end(), second.begin()));
}

TEST(WeightHash, AnyElementOfAnyTensorChangesIt) {
  Parameters parameters = Initial(1);
  const std::string before = WeightHash(parameters);
  for (const TensorInfo& info : parameters.layout().tensors()) {
    float& last = parameters.tensor(info).back();
    const float kept = last;
    last += 1;
    EXPECT_NE(WeightHash(parameters), before) << info.name;
    last = kept;
  }
  EXPECT_EQ(WeightHash(parameters), before);
}

}  // namespace
}  // namespace cllm
