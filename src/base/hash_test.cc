#include "base/hash.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace cllm {
namespace {

std::string Pattern(size_t size) {
  std::string text(size, 0);
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31 + i / 7);
  return text;
}

// Expected values: printed by xxhsum -H2 of xxHash 0.8.1 for the same bytes. The lengths are those where XXH3 changes
// its method.
TEST(Hash, HashBytes_GoldenValues) {
  const std::vector<std::pair<size_t, std::string>> golden = {
      {0, "99aa06d3014798d86001c324468d497f"},     {1, "a6cd5e9392000f6ac44bdff4074eecdb"},
      {16, "26ae01737359dfa59ffc2595f55211ea"},    {17, "8510835b3b44d0f2fc3c45f615935c46"},
      {240, "86ab3aa93d8e34153fd3f2034a26702b"},   {241, "af94047fa8de7403a940cb6f5924251e"},
      {100000, "68b256a3d43f9aaba18688f2f7856c61"}};
  for (const auto& [size, hex] : golden) EXPECT_EQ(HashBytes(AsBytes(Pattern(size))).Hex(), hex) << size;
}

TEST(Hash, Hasher_AnyCut_SameAsWhole) {
  const std::string text = Pattern(5000);
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
