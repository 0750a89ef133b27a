#include "lattice/word_form.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lattice/primes.h"

namespace cllm {
namespace {

TEST(WordForm, LeadingSpaceNeedsSomethingBehindIt) {
  EXPECT_FALSE(FormOf(" ").leading_space);
  EXPECT_EQ(FormOf(" ").lower, " ");
  EXPECT_TRUE(FormOf("  ").leading_space);
  EXPECT_EQ(FormOf("  ").lower, " ");
  EXPECT_TRUE(FormOf(" the").leading_space);
  EXPECT_EQ(FormOf(" the").lower, "the");
  EXPECT_FALSE(FormOf("\tthe").leading_space);
}

TEST(WordForm, CaseIsCapitalOrUpperNeverBoth) {
  EXPECT_EQ(FormOf("the").case_prime, 1u);
  EXPECT_EQ(FormOf("The").case_prime, kCapitalPrime);
  EXPECT_EQ(FormOf("THE").case_prime, kUpperCasePrime);
  EXPECT_EQ(FormOf("A").case_prime, kCapitalPrime);  // one letter is not "all upper case"
  EXPECT_EQ(FormOf("AB").case_prime, kUpperCasePrime);
  EXPECT_EQ(FormOf(" THE").case_prime, kUpperCasePrime);
  EXPECT_EQ(FormOf("iPhone").case_prime, 1u);
  EXPECT_EQ(FormOf("McLean").case_prime, kCapitalPrime);
  EXPECT_EQ(FormOf("Élan").case_prime, kCapitalPrime);
  EXPECT_EQ(FormOf("ЖЩ").case_prime, kUpperCasePrime);
  EXPECT_EQ(FormOf("12").case_prime, 1u);
  EXPECT_EQ(FormOf("\xc3").case_prime, 1u);
  EXPECT_EQ(FormOf("").case_prime, 1u);
}

TEST(WordForm, CutsLeaveThreeLettersAndFallBetweenCharacters) {
  EXPECT_THAT(FormOf(" Walking").cuts, testing::ElementsAre(3, 4, 5, 6));
  EXPECT_THAT(FormOf("äöüß").cuts, testing::ElementsAre(6));
  EXPECT_TRUE(FormOf("the").cuts.empty());
  EXPECT_TRUE(FormOf("the").is_word);
}

TEST(WordForm, OnlyLettersMakeAWord) {
  for (const char* token : {"walk1", "1990", "walk-ing", "two words", "abc\xff", " ", "", "the\n"}) {
    EXPECT_FALSE(FormOf(token).is_word) << token;
    EXPECT_TRUE(FormOf(token).cuts.empty()) << token;
  }
}

}  // namespace
}  // namespace cllm
