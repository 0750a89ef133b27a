#include "train/tensor_owners.h"

#include <gtest/gtest.h>

namespace cllm {
namespace {

TEST(TensorOwners, OneRank_OwnsAll) {
  const std::vector<double> costs = {3, 0, 7, 1};
  const TensorOwners owners(costs, 1);
  for (size_t tensor = 0; tensor < costs.size(); ++tensor) EXPECT_EQ(owners[tensor], 0u);
}

TEST(TensorOwners, SeveralRanks_EachTensorHasOneOwnerAndLoadsAreEven) {
  std::vector<double> costs;
  for (size_t i = 0; i < 50; ++i) costs.push_back(static_cast<double>(1 + i * 37 % 50));
  for (const size_t ranks : {2u, 3u, 7u}) {
    const TensorOwners owners(costs, ranks);
    std::vector<double> load(ranks);
    double all = 0;
    for (size_t tensor = 0; tensor < costs.size(); ++tensor) {
      ASSERT_LT(owners[tensor], ranks);
      load[owners[tensor]] += costs[tensor];
      all += costs[tensor];
    }
    for (const double one : load) EXPECT_NEAR(one, all / static_cast<double>(ranks), 3) << ranks << " ranks";
  }
}

TEST(TensorOwners, MoreRanksThanTensors_SomeOwnNothing) {
  const std::vector<double> costs = {1, 1};
  const TensorOwners owners(costs, 5);
  EXPECT_NE(owners[0], owners[1]);
}

}  // namespace
}  // namespace cllm
