#include "lattice/primes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cllm {
namespace {

TEST(Primes, FirstOnesAreKnown) {
  EXPECT_TRUE(FirstPrimes(0).empty());
  EXPECT_THAT(FirstPrimes(1), testing::ElementsAre(2));
  EXPECT_THAT(FirstPrimes(10), testing::ElementsAre(2, 3, 5, 7, 11, 13, 17, 19, 23, 29));
}

TEST(Primes, FeaturePrimesEndBeforeTheFirstRoot) {
  const std::vector<uint32_t> primes = FirstPrimes(kFirstRoot + 1);
  EXPECT_EQ(primes[kFirstSuffix], 7u);
  EXPECT_EQ(primes[kFirstRoot - 1], 103u);
  EXPECT_EQ(primes[kFirstRoot], 107u);
}

// Values of the prime counting tables: p(1000), p(10^4), p(10^5), p(140000).
TEST(Primes, FarOnesAreKnown) {
  const std::vector<uint32_t> primes = FirstPrimes(140000);
  ASSERT_EQ(primes.size(), 140000u);
  EXPECT_EQ(primes[999], 7919u);
  EXPECT_EQ(primes[9999], 104729u);
  EXPECT_EQ(primes[99999], 1299709u);
  EXPECT_EQ(primes[139999], 1870667u);
}

TEST(Primes, EveryCountGivesAPrefix) {
  const std::vector<uint32_t> primes = FirstPrimes(500);
  for (size_t count = 0; count <= 500; ++count) {
    const std::vector<uint32_t> prefix = FirstPrimes(count);
    ASSERT_EQ(prefix.size(), count);
    EXPECT_TRUE(std::equal(prefix.begin(), prefix.end(), primes.begin())) << count;
  }
}

}  // namespace
}  // namespace cllm
