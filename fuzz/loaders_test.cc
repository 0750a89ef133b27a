#include "loaders.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/testing/source_directory.h"
#include "base/testing/temporary_directory.h"
#include "mutator.h"

// The loaders on the committed seeds and on damaged forms of them. A crash, a sanitizer's report or a broken promise
// ends the program.
namespace cllm::fuzz {
namespace {

struct Seed {
  std::string name, content;
};

std::vector<Seed> SeedsOf(const Loader& loader) {
  std::vector<Seed> seeds;
  const std::string folder = SourceDirectory() + "/fuzz/corpus/" + loader.name;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    seeds.push_back({entry.path().filename().string(), ReadText(entry.path().string())});
  }
  std::sort(seeds.begin(), seeds.end(), [](const Seed& a, const Seed& b) { return a.name < b.name; });
  return seeds;
}

class LoaderTest : public testing::TestWithParam<Loader> {};

// Seeds are named for what becomes of them: good-*, bad-*.
TEST_P(LoaderTest, Seeds_AreReadOrRefusedAsNamed) {
  size_t good = 0, bad = 0;
  for (const Seed& seed : SeedsOf(GetParam())) {
    const Status status = GetParam().load(AsBytes(seed.content));
    const bool is_good = seed.name.starts_with("good-");
    EXPECT_TRUE(is_good || seed.name.starts_with("bad-")) << seed.name;
    EXPECT_EQ(status.ok(), is_good) << seed.name << ": " << status.message();
    ++(is_good ? good : bad);
  }
  EXPECT_GT(good, 0u);
  EXPECT_GT(bad, 0u);
}

TEST_P(LoaderTest, MutatedSeeds_AreReadOrRefused) {
  constexpr uint64_t kMutations = 400;
  std::vector<std::string> seeds;
  for (Seed& seed : SeedsOf(GetParam())) seeds.push_back(std::move(seed.content));
  uint64_t refused = 0;
  for (uint64_t index = 0; index < kMutations; ++index) {
    const Status status = GetParam().load(AsBytes(Mutated(seeds, index)));
    if (status.ok()) continue;
    ++refused;
    EXPECT_TRUE(status.code() == Code::kBadInput || status.code() == Code::kUsage) << index << status.message();
    EXPECT_FALSE(status.message().empty()) << index;
  }
  const uint64_t least = GetParam().seldom_refuses ? 0 : kMutations / 10;
  EXPECT_GE(refused, least) << "the changes must reach what the loader checks";
}

INSTANTIATE_TEST_SUITE_P(Loaders, LoaderTest, testing::ValuesIn(Loaders().begin(), Loaders().end()),
                         [](const testing::TestParamInfo<Loader>& tested) { return std::string(tested.param.name); });

TEST(Mutator, SameIndex_SameBytes_AndEveryIndexChangesSomething) {
  const std::vector<std::string> seeds = {"{\"step\": 12}", "another seed with 4096 and -7"};
  size_t changed = 0;
  for (uint64_t index = 0; index < 200; ++index) {
    const std::string mutated = Mutated(seeds, index);
    EXPECT_EQ(mutated, Mutated(seeds, index));
    changed += mutated != seeds[0] && mutated != seeds[1];
  }
  EXPECT_GT(changed, 180u);
}

}  // namespace
}  // namespace cllm::fuzz
