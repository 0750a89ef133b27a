#include "base/hash.h"

#include <gtest/gtest.h>

#include <string>

namespace cllm {
namespace {

// Expected values: the sanity check of the xxHash project (cli/xsum_sanity_check.c), seed 0.
TEST(Hash, HashBytes_GoldenValues) { EXPECT_EQ(HashBytes({}).Hex(), "99aa06d3014798d86001c324468d497f"); }

TEST(Hash, Hasher_AnyCut_SameAsWhole) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += static_cast<char>(i * 31 + i / 7);
  const Hash128 whole = HashBytes(AsBytes(text));
  for (size_t cut : {1u, 7u, 240u, 256u, 1024u, 4999u, 5000u}) {
    Hasher hasher;
    for (size_t i = 0; i < text.size(); i += cut) hasher.Update(AsBytes(std::string_view(text).substr(i, cut)));
    EXPECT_EQ(hasher.Digest(), whole) << cut;
    EXPECT_EQ(hasher.Digest(), whole) << "asking twice changes nothing";
  }
}

TEST(Hash, HashBytes_OneBitFlipped_Differs) {
  std::string text(300, 'a');
  const Hash128 before = HashBytes(AsBytes(text));
  for (size_t i = 0; i < text.size(); ++i) {
    text[i] = 'a' ^ 1;
    EXPECT_NE(HashBytes(AsBytes(text)), before) << i;
    text[i] = 'a';
  }
}

TEST(Hash, Hex_LeadingZeros_AreKept) { EXPECT_EQ((Hash128{1, 0xab}).Hex(), "000000000000000100000000000000ab"); }

}  // namespace
}  // namespace cllm
