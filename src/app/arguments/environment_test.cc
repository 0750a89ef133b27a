#include "app/arguments/environment.h"

#include <gtest/gtest.h>

namespace cllm {
namespace {

using Names = std::vector<std::string>;

const Names kKnown = {"CLLM_THREADS", "CLLM_CACHE", "CLLM_SEED", "CLLM_TOP_K", "CLLM_LR", "CLLM_SLOW", "NO_COLOR"};

std::string Told(const std::string& name) {
  const Names sentences = UnknownAmong({name}, kKnown);
  return sentences.empty() ? "" : sentences.front();
}

TEST(UnknownAmong, KnownNames_AreNotTold) { EXPECT_EQ(UnknownAmong(kKnown, kKnown), Names()); }

TEST(UnknownAmong, NamesTheNearest) {
  EXPECT_EQ(Told("CLLM_THREDS"),
            "the environment variable CLLM_THREDS is none that cllm reads; did you mean CLLM_THREADS?");
  for (const auto& [name, nearest] : {std::pair{"CLLM_NUM_THREADS", "CLLM_THREADS"}, {"CLLM_CACHE_DIR", "CLLM_CACHE"},
                                      {"CLLM_SEDE", "CLLM_SEED"}, {"CLLM_TOPK", "CLLM_TOP_K"}}) {
    EXPECT_TRUE(Told(name).ends_with("did you mean " + std::string(nearest) + "?")) << Told(name);
  }
}

TEST(UnknownAmong, WithoutANearOne_SaysSo) {
  EXPECT_EQ(Told("CLLM_FOO"), "the environment variable CLLM_FOO is none that cllm reads");
  EXPECT_EQ(Told("CLLM_"), "the environment variable CLLM_ is none that cllm reads");
}

}  // namespace
}  // namespace cllm
