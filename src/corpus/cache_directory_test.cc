#include "corpus/cache_directory.h"

#include <gtest/gtest.h>

#include <chrono>
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

TEST(CacheDirectory, AbandonedFiles_AreRemoved_OthersStay) {
  const TemporaryDirectory cache;
  for (const std::string name : {"a.tmp-1", "b.tmp-2", "tokens.bin"}) cache.Write(name, "x");
  for (const std::string name : {"a.tmp-1", "tokens.bin"}) {
    const auto time = std::filesystem::file_time_type::clock::now() - std::chrono::hours(25);
    std::filesystem::last_write_time(cache / name, time);
  }
  RemoveAbandonedFiles(cache.path());
  EXPECT_FALSE(std::filesystem::exists(cache / "a.tmp-1"));
  EXPECT_TRUE(std::filesystem::exists(cache / "b.tmp-2") && std::filesystem::exists(cache / "tokens.bin"));
}

}  // namespace
}  // namespace cllm
