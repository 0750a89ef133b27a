#include "data/token_format.h"

#include <gtest/gtest.h>

#include <cstring>
#include <utility>

namespace cllm {
namespace {

// Every number another one.
TokenDescription Sample() {
  TokenDescription sample;
  sample.info = {.vocabulary = 70'000,
                 .begin = 1,
                 .end = 2,
                 .tokenizer_hash = {.high = 3, .low = 4},
                 .corpus_hash = {.high = 5, .low = 6},
                 .parts = {{{.tokens = 7, .bytes = 8, .documents = 9, .invalid_bytes = 10},
                            {.tokens = 11, .bytes = 12, .documents = 13, .invalid_bytes = 14}}}};
  sample.documents_offset = 15;
  sample.file_bytes = 16;
  sample.content_hash = {.high = 17, .low = 18};
  return sample;
}

template <typename T>
T At(ByteView bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

TEST(TokenFormat, Head_SaysHowManyBytesATokenTakes) {
  for (const auto& [vocabulary, token_bytes] :
       {std::pair{uint64_t{1}, 2u}, {uint64_t{65'536}, 2u}, {uint64_t{65'537}, 4u}, {uint64_t{1} << 40, 4u}}) {
    TokenFileInfo info;
    info.vocabulary = vocabulary;
    const HeadBytes bytes = EncodeHead(info);
    EXPECT_EQ(AsText(ByteView(bytes).first(8)), "CLLMTOK\n");
    EXPECT_EQ(At<uint32_t>(bytes, 8), 1u);
    EXPECT_EQ(At<uint32_t>(bytes, 12), token_bytes);
    TokenHead head;
    EXPECT_EQ(DecodeHead(bytes, head), "");
    EXPECT_EQ(head.format, 1u);
    EXPECT_EQ(head.token_bytes, token_bytes);
  }
}

TEST(TokenFormat, Head_OfAnotherKind_IsRefused) {
  HeadBytes bytes = EncodeHead(TokenFileInfo());
  bytes[3] ^= std::byte{1};
  TokenHead head;
  EXPECT_NE(DecodeHead(bytes, head), "");
}

// The offsets of token_file.h.
TEST(TokenFormat, Description_LiesAsItIsDocumented) {
  const DescriptionBytes bytes = EncodeDescription(Sample());
  EXPECT_EQ(AsText(ByteView(bytes).first(8)), "CLLMEND\n");
  EXPECT_EQ(At<uint64_t>(bytes, 8), 70'000u);
  EXPECT_EQ(At<uint32_t>(bytes, 16), 1u);
  EXPECT_EQ(At<uint32_t>(bytes, 20), 2u);
  for (size_t i = 0; i < 16; ++i) EXPECT_EQ(At<uint64_t>(bytes, 24 + 8 * i), 3 + i) << i;
  for (size_t i = 152; i < 240; ++i) EXPECT_EQ(bytes[i], std::byte{}) << i;
}

TEST(TokenFormat, Description_RoundTrips) {
  const TokenDescription sample = Sample();
  TokenDescription read;
  ASSERT_EQ(DecodeDescription(EncodeDescription(sample), read), "");
  EXPECT_EQ(read.info, sample.info);
  EXPECT_EQ(read.documents_offset, sample.documents_offset);
  EXPECT_EQ(read.file_bytes, sample.file_bytes);
  EXPECT_EQ(read.content_hash, sample.content_hash);
}

TEST(TokenFormat, Description_WithAnyBitFlipped_IsRefused) {
  const DescriptionBytes bytes = EncodeDescription(Sample());
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    DescriptionBytes damaged = bytes;
    damaged[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
    TokenDescription read;
    EXPECT_NE(DecodeDescription(damaged, read), "") << bit;
  }
}

}  // namespace
}  // namespace cllm
