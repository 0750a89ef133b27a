#include "data/token_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cstdlib>
#include <ctime>

#include "base/file.h"
#include "base/testing/temporary_directory.h"
#include "store/file_claim.h"

namespace cllm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class TokenCacheTest : public testing::Test {
 protected:
  // A file of so many bytes that was used so long ago.
  std::string Put(const std::string& name, size_t bytes, int64_t seconds_ago) {
    const std::string path = cache_.Write(name, std::string(bytes, 'x'));
    const time_t at = std::time(nullptr) - seconds_ago;
    const struct timespec times[2] = {{.tv_sec = at, .tv_nsec = 0}, {.tv_sec = at, .tv_nsec = 0}};
    EXPECT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
    return path;
  }
  std::vector<std::string> Names(const std::vector<CacheEntry>& entries) {
    std::vector<std::string> names;
    for (const CacheEntry& entry : entries) names.push_back(entry.path.substr(cache_.path().size() + 1));
    return names;
  }

  TemporaryDirectory cache_;
};

TEST_F(TokenCacheTest, IndexesOfLogs_AreOfTheCache_OtherFilesAreNot) {
  Put("history-a", 10, 20), Put("tokens-b", 10, 10), Put("notes", 10, 30);
  EXPECT_THAT(Names(ListCache(cache_.path())), ElementsAre("history-a", "tokens-b"));
  EXPECT_THAT(Names(ShrinkCache(cache_.path(), 0)), ElementsAre("history-a", "tokens-b"));
}

TEST_F(TokenCacheTest, LeastRecentlyUsed_GoFirst_UntilTheRestFits) {
  Put("tokens-a.bin", 100, 3000), Put("tokens-b.bin", 100, 9000), Put("tokens-c.bin", 100, 6000);
  EXPECT_THAT(Names(ListCache(cache_.path())), ElementsAre("tokens-b.bin", "tokens-c.bin", "tokens-a.bin"));
  EXPECT_THAT(ShrinkCache(cache_.path(), 300), IsEmpty());
  EXPECT_THAT(Names(ShrinkCache(cache_.path(), 299)), ElementsAre("tokens-b.bin"));
  EXPECT_THAT(Names(ShrinkCache(cache_.path(), 0)), ElementsAre("tokens-c.bin", "tokens-a.bin"));
  EXPECT_THAT(ListCache(cache_.path()), IsEmpty());
}

TEST_F(TokenCacheTest, InUse_IsNeverRemoved) {
  const std::string oldest = Put("tokens-a.bin", 100, 9000);
  Put("tokens-b.bin", 100, 3000);
  std::optional<FileClaim> claim = FileClaim::Take(oldest);
  EXPECT_THAT(Names(ShrinkCache(cache_.path(), 0)), ElementsAre("tokens-b.bin"));
  ASSERT_EQ(ListCache(cache_.path()).size(), 1u);
  EXPECT_TRUE(ListCache(cache_.path())[0].in_use);
  claim.reset();
  EXPECT_FALSE(ListCache(cache_.path())[0].in_use);
}

TEST_F(TokenCacheTest, Use_MakesAnEntryTheLatest) {
  const std::string oldest = Put("tokens-a.bin", 100, 9000);
  Put("tokens-b.bin", 100, 3000);
  { ASSERT_TRUE(FileClaim::Take(oldest).has_value()); }
  EXPECT_THAT(Names(ShrinkCache(cache_.path(), 100)), ElementsAre("tokens-b.bin"));
}

TEST_F(TokenCacheTest, UnfinishedFiles_GoWhereNobodyWritesThem) {
  Put("tokens-a.bin.tmp-1-2", 100, 3000), Put("tokens-b.bin.tmp-3-4", 100, 0), Put("tokens-c.bin", 100, 3000);
  const std::string written = Put("tokens-d.bin.tmp-5-6", 100, 3000);
  const std::optional<FileClaim> claim = FileClaim::Take(written);
  EXPECT_THAT(Names(ShrinkCache(cache_.path(), 1000)), ElementsAre("tokens-a.bin.tmp-1-2"));
  EXPECT_THAT(Names(ShrinkCache(cache_.path(), 0)),
              testing::UnorderedElementsAre("tokens-b.bin.tmp-3-4", "tokens-c.bin"));
  EXPECT_TRUE(PathExists(written));
}

TEST_F(TokenCacheTest, WhatIsNotOurs_Stays) {
  const std::string mine = Put("mine.txt", 100, 9000);
  Put("tokens-a.bin", 100, 3000);
  ShrinkCache(cache_.path(), 0);
  EXPECT_TRUE(PathExists(mine));
  EXPECT_THAT(ListCache(cache_ / "nowhere"), IsEmpty());
}

TEST_F(TokenCacheTest, Limit_IsNamedOrAShareOfTheDisk) {
  ASSERT_EQ(setenv("CLLM_CACHE_LIMIT", "20G", 1), 0);
  EXPECT_EQ(*CacheLimit(cache_.path()), uint64_t{20} << 30);
  ASSERT_EQ(setenv("CLLM_CACHE_LIMIT", "plenty", 1), 0);
  const Status status = CacheLimit(cache_.path()).status();
  EXPECT_EQ(status.code(), Code::kUsage);
  EXPECT_NE(status.message().find("CLLM_CACHE_LIMIT"), std::string::npos);
  ASSERT_EQ(unsetenv("CLLM_CACHE_LIMIT"), 0);
  const Result<uint64_t> limit = CacheLimit(cache_.path());
  ASSERT_TRUE(limit.ok());
  EXPECT_GE(*limit, uint64_t{1} << 30);
  EXPECT_LE(*limit, uint64_t{16} << 30);
}

}  // namespace
}  // namespace cllm
