#include "measure/peer_decoding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cllm::measure {
namespace {

using testing::Contains;
using testing::HasSubstr;

// A stand-in for the program: what matters is that both sides get the same file, the pairing and the ratios.
TEST(BenchPeerDecoding, EveryCombination_IsTwoRows) {
  Peers peers;
  peers.decoding = {
      {"slow",
       {"sh", "-c", "test -s $2 && echo '{\"prompt_tokens_per_s\":0.5,\"tokens_per_s\":0.25,\"ids\":[1,2]}'", "sh"}},
      {"broken", {"sh", "-c", "exit 1", "sh"}}};
  const auto findings = BenchPeerDecoding(peers, {.models = {"a"}, .weights = {"f32", "q8_0"}, .threads = {1, 2}});
  ASSERT_TRUE(findings.ok()) << findings.status().message();
  const std::string rows = WriteJson({{"rows", findings->table.Rows()}});
  EXPECT_EQ(findings->table.Rows().size(), 8u) << rows;  // of one peer
  EXPECT_THAT(rows, HasSubstr(R"("model":"a","weights":"q8_0","threads":2,"what":"generation","peer":"slow")"));
  EXPECT_THAT(rows, HasSubstr(R"("peer_tokens_per_s":0.25)"));
  EXPECT_THAT(findings->notes, Contains(HasSubstr("slow, f32 of a: chose other tokens than we did in 5 of 5 rounds")));
  EXPECT_THAT(findings->notes, Contains(HasSubstr("bytes of logits, expected 1326080")));
  EXPECT_THAT(findings->notes, Contains(HasSubstr("broken, q8_0 of a: left out")));
}

TEST(BenchPeerDecoding, UnknownNames_AreUsage) {
  EXPECT_THAT(BenchPeerDecoding({}, {.models = {"z"}, .weights = {"f32"}, .threads = {1}}).status().message(),
              HasSubstr("a, b, 100M"));
  EXPECT_FALSE(BenchPeerDecoding({}, {.models = {"a"}, .weights = {"bf16"}, .threads = {1}}).ok());
  EXPECT_FALSE(BenchPeerDecoding({}, {.models = {"a"}, .weights = {"f31"}, .threads = {1}}).ok());
}

}  // namespace
}  // namespace cllm::measure
