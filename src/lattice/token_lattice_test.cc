#include "lattice/token_lattice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <string>

#include "base/random.h"
#include "lattice/primes.h"

namespace cllm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A vocabulary that owns its texts.
class Vocabulary {
 public:
  size_t Add(std::string text, uint64_t count) {
    texts_.push_back(std::move(text));
    counts_.push_back(count);
    return texts_.size() - 1;
  }
  TokenLattice Build(size_t specials = 0) const {
    std::vector<LatticeToken> tokens;
    for (size_t v = 0; v < texts_.size(); ++v) {
      tokens.push_back({.bytes = texts_[v], .count = counts_[v], .special = v < specials});
    }
    return TokenLattice::Build(tokens);
  }
  void Permute(uint64_t key) {
    std::vector<std::string> texts;
    std::vector<uint64_t> counts;
    for (size_t i = 0; i < texts_.size(); ++i) {
      const size_t from = cllm::Permute(key, i, texts_.size());
      texts.push_back(texts_[from]);
      counts.push_back(counts_[from]);
    }
    texts_ = texts;
    counts_ = counts;
  }
  const std::vector<std::string>& texts() const { return texts_; }

 private:
  std::vector<std::string> texts_;
  std::vector<uint64_t> counts_;
};

const std::vector<std::string> kStems = {"walk", "talk", "jump", "play", "look", "turn", "open", "rest"};

// The eight stems, each with -ing, the first seven with -ed; every stem heavier than all suffixed forms.
Vocabulary Inflected() {
  Vocabulary vocabulary;
  for (size_t i = 0; i < kStems.size(); ++i) {
    vocabulary.Add(kStems[i], 1000 - i);
    vocabulary.Add(kStems[i] + "ing", 10);
    if (i < 7) vocabulary.Add(kStems[i] + "ed", 50);
  }
  return vocabulary;
}

TEST(TokenLattice, SuffixNeedsEightTokens) {
  const TokenLattice lattice = Inflected().Build();
  EXPECT_THAT(lattice.suffixes(), ElementsAre("ing"));
}

TEST(TokenLattice, CodesOfASmallVocabularyAreExact) {
  Vocabulary vocabulary = Inflected();
  const size_t begin = 0;  // of the tokens above: walk, walking, walked, talk, ...
  const size_t capital = vocabulary.Add(" Walking", 1), upper = vocabulary.Add("TALK", 1);
  const size_t odd = vocabulary.Add(" string", 1), comma = vocabulary.Add(",", 5000);
  const TokenLattice lattice = vocabulary.Build();
  // "," is the heaviest root (107); then walk with its forms (109: 1000 + 10 + 1), talk (113: 999 + 10 + 1), jump
  // (127).
  EXPECT_EQ(lattice.codes()[comma], 107u);
  EXPECT_EQ(lattice.codes()[begin], 109u);
  EXPECT_EQ(lattice.codes()[begin + 1], 109u * 7);
  EXPECT_EQ(lattice.codes()[begin + 3], 113u);
  EXPECT_EQ(lattice.codes()[begin + 6], 127u);
  EXPECT_EQ(lattice.codes()[capital], 109u * 7 * 3 * 2);
  EXPECT_EQ(lattice.codes()[upper], 113u * 5);
  // "str" is not a token, so " string" keeps its ending; its root is one of the last (count 1).
  EXPECT_EQ(lattice.codes()[odd], lattice.codes()[odd] / 2 * 2);
  EXPECT_NE(lattice.codes()[odd] % 7, 0u);
  EXPECT_EQ(lattice.rank(odd), lattice.roots().size());
  EXPECT_EQ(lattice.roots()[lattice.rank(odd) - 1], "string");
  EXPECT_EQ(lattice.rank(comma), 1u);
  EXPECT_EQ(lattice.rank(capital), 2u);
}

TEST(TokenLattice, LongestSuffixThatFitsIsTaken) {
  Vocabulary vocabulary;
  for (const std::string& stem : kStems) {
    vocabulary.Add(stem, 100);
    vocabulary.Add(stem + "s", 1000);
    vocabulary.Add(stem + "ers", 1);
    vocabulary.Add(stem + "er", 10);
  }
  const TokenLattice lattice = vocabulary.Build();
  EXPECT_THAT(lattice.suffixes(), ElementsAre("s", "er", "ers"));  // by mass: 8008 (with -er-s), 80, 8
  // "walkers" could be walker + s too; it is walk + ers.
  EXPECT_EQ(lattice.roots()[lattice.rank(2) - 1], "walk");
  EXPECT_THAT(lattice.codes()[2] % 13, 0u);
  EXPECT_NE(lattice.codes()[2] % 7, 0u);
}

TEST(TokenLattice, SuffixesOfEqualMassAreInByteOrder) {
  Vocabulary vocabulary;
  for (const std::string& stem : kStems) {
    vocabulary.Add(stem, 1);
    vocabulary.Add(stem + "zu", 5);
    vocabulary.Add(stem + "ba", 5);
  }
  EXPECT_THAT(vocabulary.Build().suffixes(), ElementsAre("ba", "zu"));
}

TEST(TokenLattice, KeepsTheTwentyFourHeaviestSuffixes) {
  Vocabulary vocabulary;
  for (const std::string& stem : kStems) {
    vocabulary.Add(stem, 1);
    for (char c = 'a'; c <= 'z'; ++c) vocabulary.Add(stem + "q" + c, static_cast<uint64_t>(c));
  }
  const TokenLattice lattice = vocabulary.Build();
  ASSERT_EQ(lattice.suffixes().size(), kMaxSuffixes);
  EXPECT_EQ(lattice.suffixes().front(), "qz");
  EXPECT_EQ(lattice.suffixes().back(), "qc");
}

TEST(TokenLattice, VocabularyWithoutSuffixesLearnsNone) {
  Vocabulary vocabulary;
  for (uint64_t i = 0; i < 300; ++i)
    vocabulary.Add("漢" + std::string(1, static_cast<char>('!' + i % 90)) + std::to_string(i), i);
  EXPECT_TRUE(vocabulary.Build().suffixes().empty());
}

TEST(TokenLattice, BytesFollowTheCaseRule) {
  Vocabulary vocabulary;
  for (int byte = 0; byte < 256; ++byte)
    vocabulary.Add(std::string(1, static_cast<char>(byte)), 256 - static_cast<uint64_t>(byte));
  const TokenLattice lattice = vocabulary.Build();
  for (size_t byte = 0; byte < 256; ++byte) {
    if (byte >= 'A' && byte <= 'Z') {
      EXPECT_EQ(lattice.codes()[byte], 3 * lattice.codes()[byte + 'a' - 'A']) << byte;
    } else {
      EXPECT_EQ(lattice.Factors(byte).size(), 1u) << byte;  // a root
    }
  }
  EXPECT_EQ(lattice.roots().size(), 256u - 26);
  EXPECT_EQ(lattice.form_classes(), 2u);
  EXPECT_EQ(lattice.root_classes(), 230u);
}

TEST(TokenLattice, SpecialTokensAreRootsOfTheirOwn) {
  Vocabulary vocabulary;
  vocabulary.Add("walk", 3);
  vocabulary.Add("Walk", 3);
  vocabulary.Add("walk", 5);
  const TokenLattice lattice = vocabulary.Build(2);
  EXPECT_THAT(lattice.codes(), ElementsAre(113, 109, 107));
  EXPECT_THAT(lattice.ranks(), ElementsAre(3, 2, 1));
}

TEST(TokenLattice, RootsOfEqualCountAreInByteOrder) {
  Vocabulary vocabulary;
  for (const char* text : {"zeta", "beta", "\xff", "alpha"}) vocabulary.Add(text, 7);
  EXPECT_THAT(vocabulary.Build().roots(), ElementsAre("alpha", "beta", "zeta", "\xff"));
}

// The lattice is a function of the set of entries: their order changes no token's code.
TEST(TokenLattice, OrderOfEntriesChangesNoCode) {
  Vocabulary vocabulary = Inflected();
  for (const char* text : {" the", "The", "the", " ", "  ", "\n", "é", "É"}) vocabulary.Add(text, 4);
  const TokenLattice lattice = vocabulary.Build();
  std::map<std::string, uint64_t> codes;
  for (size_t v = 0; v < lattice.size(); ++v) codes[vocabulary.texts()[v]] = lattice.codes()[v];
  vocabulary.Permute(17);
  const TokenLattice permuted = vocabulary.Build();
  for (size_t v = 0; v < permuted.size(); ++v) {
    EXPECT_EQ(permuted.codes()[v], codes[vocabulary.texts()[v]]) << vocabulary.texts()[v];
  }
}

TEST(TokenLattice, CodesStayBelow31BitsAt131000Roots) {
  Vocabulary vocabulary;
  for (const std::string& stem : kStems) {
    vocabulary.Add(stem, 1'000'000);
    for (char c = 'a'; c <= 'x'; ++c) vocabulary.Add(stem + "q" + c, 1'000'000);
  }
  // Numbers are roots without features; the rarest word of all takes a space, upper case and the last suffix.
  for (size_t i = 0; i < 131'000; ++i) vocabulary.Add(std::to_string(i), 1);
  vocabulary.Add("ZZZZ", 0);
  const size_t last = vocabulary.Add(" ZZZZQX", 0);
  const TokenLattice lattice = vocabulary.Build();
  EXPECT_GE(lattice.roots().size(), 131'000u);
  EXPECT_EQ(*std::max_element(lattice.codes().begin(), lattice.codes().end()), lattice.codes()[last]);
  EXPECT_EQ(lattice.Factors(last).size(), 4u);
  EXPECT_LT(lattice.codes()[last], uint64_t{1} << 31);
}

TEST(TokenLattice, ClassesAreThePartitionsOfTheCodes) {
  Vocabulary vocabulary = Inflected();
  for (const char* text : {" walk", "Walk", " Talking", "WALK", "!"}) vocabulary.Add(text, 2);
  const TokenLattice lattice = vocabulary.Build();
  const std::vector<uint32_t> primes = FirstPrimes(kFirstRoot + lattice.roots().size());
  for (size_t u = 0; u < lattice.size(); ++u) {
    const uint64_t root_u = primes[kFirstRoot + lattice.rank(u) - 1];
    for (size_t v = 0; v < lattice.size(); ++v) {
      const bool shares_root = std::gcd(lattice.codes()[u], lattice.codes()[v]) % root_u == 0;
      EXPECT_EQ(lattice.root_class()[u] == lattice.root_class()[v], shares_root);
      const uint64_t root_v = primes[kFirstRoot + lattice.rank(v) - 1];
      EXPECT_EQ(lattice.form_class()[u] == lattice.form_class()[v],
                lattice.codes()[u] / root_u == lattice.codes()[v] / root_v);
    }
  }
  EXPECT_EQ(*std::max_element(lattice.root_class().begin(), lattice.root_class().end()) + 1,
            static_cast<int32_t>(lattice.root_classes()));
  EXPECT_EQ(*std::max_element(lattice.form_class().begin(), lattice.form_class().end()) + 1,
            static_cast<int32_t>(lattice.form_classes()));
}

TEST(TokenLattice, FactorsNameWhatTheyStandFor) {
  Vocabulary vocabulary = Inflected();
  const size_t token = vocabulary.Add(" Jumping", 1);
  const std::vector<LatticeFactor> factors = vocabulary.Build().Factors(token);
  ASSERT_EQ(factors.size(), 4u);
  EXPECT_EQ(factors[0].name, "jump");
  EXPECT_EQ(factors[0].prime, 109u);  // walk is heavier, talk weighs the same
  EXPECT_EQ(factors[1].name, "leading space");
  EXPECT_EQ(factors[2].name, "capital");
  EXPECT_EQ(factors[3].name, "-ing");
  EXPECT_EQ(factors[3].prime, 7u);
}

LatticeParts PartsOf(const TokenLattice& lattice) {
  return {.codes = {lattice.codes().begin(), lattice.codes().end()},
          .suffixes = {lattice.suffixes().begin(), lattice.suffixes().end()},
          .roots = {lattice.roots().begin(), lattice.roots().end()}};
}

TEST(TokenLattice, StoredPartsGiveTheSameLattice) {
  Vocabulary vocabulary = Inflected();
  vocabulary.Add(" Walking", 1);
  const TokenLattice built = vocabulary.Build();
  const Result<TokenLattice> stored = TokenLattice::FromParts(PartsOf(built));
  ASSERT_TRUE(stored.ok()) << stored.status().message();
  EXPECT_TRUE(std::equal(built.ranks().begin(), built.ranks().end(), stored->ranks().begin()));
  EXPECT_TRUE(std::equal(built.root_class().begin(), built.root_class().end(), stored->root_class().begin()));
  EXPECT_TRUE(std::equal(built.form_class().begin(), built.form_class().end(), stored->form_class().begin()));
}

TEST(TokenLattice, StoredCodesMustBeOneRootTimesKnownFeatures) {
  const LatticeParts good = PartsOf(Inflected().Build());  // one suffix (7), roots from 107 on
  const uint64_t beyond = FirstPrimes(kFirstRoot + good.roots.size() + 1).back();
  for (const uint64_t code :
       {uint64_t{0}, uint64_t{1}, uint64_t{2}, uint64_t{2 * 7}, uint64_t{107 * 109}, uint64_t{107 * 107},
        uint64_t{107 * 4}, uint64_t{107 * 11}, uint64_t{107 * 49}, beyond, ~uint64_t{0}}) {
    LatticeParts parts = good;
    parts.codes[3] = code;
    const Result<TokenLattice> lattice = TokenLattice::FromParts(parts);
    ASSERT_FALSE(lattice.ok()) << code;
    EXPECT_EQ(lattice.status().code(), Code::kBadInput);
    EXPECT_THAT(lattice.status().message(), HasSubstr("of token 3 ")) << code;
  }
}

TEST(TokenLattice, StoredListsAreBounded) {
  LatticeParts parts = PartsOf(Inflected().Build());
  parts.suffixes.resize(kMaxSuffixes + 1, "x");
  EXPECT_FALSE(TokenLattice::FromParts(parts).ok());
  parts = PartsOf(Inflected().Build());
  parts.roots.resize(parts.codes.size() + 1);
  EXPECT_FALSE(TokenLattice::FromParts(parts).ok());
}

}  // namespace
}  // namespace cllm
