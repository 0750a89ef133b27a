#include "corpus/cache_directory.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>

#include "corpus/testing/text_fixture.h"

namespace cllm {
namespace {

TEST(CacheDirectory, MissingFolders_AreMade_AndStay) {
  const TemporaryDirectory root;
  {
    const Result<CacheDirectory> cache = CacheDirectory::Open(root / "cache");
    ASSERT_TRUE(cache.ok());
    EXPECT_EQ(cache->path(), root / "cache");
    EXPECT_FALSE(cache->is_temporary());
  }
  EXPECT_TRUE(std::filesystem::is_empty(root / "cache")) << "nothing is left of the probe";
}

TEST(CacheDirectory, ThatCannotBe_IsReplacedByATemporaryOne_WhichGoes) {
  const TemporaryDirectory root;
  std::string path;
  for (const std::string& wanted : {root.Write("file", "x") + "/cache", std::string()}) {
    Result<CacheDirectory> cache = CacheDirectory::Open(wanted);
    ASSERT_TRUE(cache.ok());
    EXPECT_TRUE(cache->is_temporary());
    EXPECT_NE(cache->note().find("CLLM_CACHE"), std::string::npos) << cache->note();
    path = cache->path();
    const CacheDirectory moved = *std::move(cache);
    EXPECT_EQ(moved.path(), path);
    EXPECT_TRUE(std::filesystem::is_directory(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace cllm
