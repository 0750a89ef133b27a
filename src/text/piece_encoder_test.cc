#include "text/piece_encoder.h"

#include <gtest/gtest.h>

#include <numeric>
#include <string>

#include "base/random.h"
#include "base/testing/growth_of_time.h"

namespace cllm {
namespace {

std::array<uint32_t, 256> ByteIds() {
  std::array<uint32_t, 256> ids;
  std::iota(ids.begin(), ids.end(), 0u);
  return ids;
}

// The definition: again and again the merge of the lowest rank, at its leftmost place.
std::vector<uint32_t> EncodeByDefinition(std::string_view piece, const std::vector<Merge>& merges) {
  std::vector<uint32_t> ids;
  for (const char c : piece) ids.push_back(static_cast<unsigned char>(c));
  for (size_t rank = 0; rank < merges.size(); ++rank) {
    for (size_t i = 0; i + 1 < ids.size(); ++i) {
      if (ids[i] != merges[rank].left || ids[i + 1] != merges[rank].right) continue;
      ids[i] = merges[rank].result;
      ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      rank = static_cast<size_t>(-1);  // a merge of a lower rank may have become possible
      break;
    }
  }
  return ids;
}

// Random merges over three letters; results may coincide, as when one string has two ways to be made.
std::vector<Merge> RandomMerges(uint64_t key, size_t count) {
  std::vector<Merge> merges;
  PairTable seen;
  uint32_t next = 256;
  for (uint64_t i = 0; merges.size() < count; ++i) {
    const auto pick = [&](uint64_t j) {
      const uint64_t bits = RandomBits(key + j, i) % (3 + next - 256);
      return static_cast<uint32_t>(bits < 3 ? 'a' + bits : 256 + bits - 3);
    };
    const Merge merge{
        .left = pick(1), .right = pick(2), .result = RandomBits(key, i) % 5 == 0 && next > 256 ? next - 1 : next};
    if (seen.FindOrAdd(merge.left, merge.right, static_cast<uint32_t>(i)) != i) continue;
    if (merge.result == next) ++next;
    merges.push_back(merge);
  }
  return merges;
}

// Lengths around the switch from the short to the long way, 0 and 1 included.
TEST(PieceEncoder, FollowsTheDefinitionAtEveryLength) {
  for (uint64_t key = 0; key < 20; ++key) {
    const std::vector<Merge> merges = RandomMerges(key * 10, 25);
    const PieceEncoder encoder(ByteIds(), merges);
    for (size_t length = 0; length < 110; ++length) {
      std::string piece;
      for (uint64_t i = 0; i < length; ++i) piece += static_cast<char>('a' + RandomBits(key, length * 1000 + i) % 3);
      std::vector<uint32_t> ids;
      encoder.Encode(piece, ids);
      ASSERT_EQ(ids, EncodeByDefinition(piece, merges)) << piece;
    }
  }
}

TEST(PieceEncoder, AppendsToWhatIsThere) {
  const PieceEncoder encoder(ByteIds(), std::vector<Merge>{{.left = 'a', .right = 'a', .result = 256}});
  std::vector<uint32_t> ids = {9};
  encoder.Encode("aaa", ids);
  EXPECT_EQ(ids, (std::vector<uint32_t>{9, 256, 'a'}));
  ids.clear();
  encoder.Encode(std::string(101, 'a'), ids);
  EXPECT_EQ(ids.size(), 51u);
}

TEST(PieceEncoder, OneEndlessWordIsNotQuadratic) {
  std::vector<Merge> merges{{.left = 'a', .right = 'a', .result = 256}};
  for (uint32_t id = 256; id < 266; ++id) merges.push_back({.left = id, .right = id, .result = id + 1});
  const PieceEncoder encoder(ByteIds(), merges);
  const double growth = GrowthOfTime(size_t{1} << 14, size_t{1} << 18, [&](size_t size) {
    std::vector<uint32_t> ids;
    encoder.Encode(std::string(size, 'a'), ids);
    EXPECT_EQ(ids, std::vector<uint32_t>(size >> 11, 266));
  });
  EXPECT_LT(growth, 100) << "16 is proportional, 256 quadratic";
}

}  // namespace
}  // namespace cllm
