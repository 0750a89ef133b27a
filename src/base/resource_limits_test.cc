#include "base/resource_limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cerrno>

#include "base/system.h"
#include "base/testing/temporary_directory.h"

namespace cllm {
namespace {

using testing::HasSubstr;
using Resource = decltype(RLIMIT_AS);

// Lowers a limit of this process for a while.
class LoweredLimit {
 public:
  LoweredLimit(Resource resource, rlim_t soft) : resource_(resource) {
    getrlimit(resource, &former_);
    rlimit lower = former_;
    lower.rlim_cur = soft;
    EXPECT_EQ(setrlimit(resource, &lower), 0);
  }
  ~LoweredLimit() { setrlimit(resource_, &former_); }
  LoweredLimit(const LoweredLimit&) = delete;
  LoweredLimit& operator=(const LoweredLimit&) = delete;

 private:
  Resource resource_;
  rlimit former_{};
};

TEST(ResourceLimits, TooManyOpenFiles_NamesHowManyAndTheCommand) {
  const LoweredLimit files(RLIMIT_NOFILE, 77);
  EXPECT_EQ(SystemErrorText(EMFILE), "Too many open files (at most 77 may be open: ulimit -n)");
}

TEST(ResourceLimits, FileTooLarge_NamesTheSizeAndTheCommand_OnlyWhereThereIsALimit) {
  {
    const LoweredLimit size(RLIMIT_FSIZE, 100 << 10);
    EXPECT_EQ(SystemErrorText(EFBIG), "File too large (a file may have 100.0 KiB: ulimit -f)");
  }
  const LoweredLimit none(RLIMIT_FSIZE, RLIM_INFINITY);
  EXPECT_EQ(SystemErrorText(EFBIG), "File too large");
}

TEST(ResourceLimits, OtherErrors_NameNoLimit) {
  const LoweredLimit files(RLIMIT_NOFILE, 77);
  for (const int error : {ENOENT, ENOSPC, EACCES, EIO}) EXPECT_EQ(LimitBehind(error), "");
}

// Limits of memory that this process does not reach, so that the sanitizers' own mappings do not matter.
TEST(ResourceLimits, OwnMemoryLimit_IsTheTightestOfBoth) {
  const TemporaryDirectory root;
  root.Write("proc/self/status", "VmSize:\t    2048 kB\nVmRSS:\t 100 kB\nVmData:\t 1024 kB\n");
  const LoweredLimit all(RLIMIT_AS, rlim_t{1} << 46);
  const LoweredLimit data(RLIMIT_DATA, rlim_t{1} << 47);
  const auto limit = OwnMemoryLimit(root.path());
  ASSERT_TRUE(limit);
  EXPECT_EQ(limit->name, "ulimit -v");
  EXPECT_EQ(limit->bytes, uint64_t{1} << 46);
  EXPECT_EQ(limit->left, (uint64_t{1} << 46) - (2 << 20));
  EXPECT_EQ(WhyNoMemory(root.path()), "memory ran out at 2.0 MiB; this process may have 64.0 TiB (ulimit -v)");
}

TEST(ResourceLimits, WhyNoMemory_WithoutALimit_SaysHowMuchIsInUse) {
  const TemporaryDirectory root;
  root.Write("proc/self/status", "VmRSS:\t    3072 kB\n");
  const LoweredLimit all(RLIMIT_AS, RLIM_INFINITY);
  const LoweredLimit data(RLIMIT_DATA, RLIM_INFINITY);
  EXPECT_EQ(WhyNoMemory(root.path()), "memory ran out at 3.0 MiB in use");
}

TEST(ResourceLimits, WhyNoThread_AReachedControlGroup_IsNamed_TheLowestOfAllParents) {
  const TemporaryDirectory root;
  root.Write("proc/self/cgroup", "0::/outer/inner\n");
  root.Write("sys/fs/cgroup/outer/pids.max", "20\n");
  root.Write("sys/fs/cgroup/outer/pids.current", "20\n");
  root.Write("sys/fs/cgroup/outer/inner/pids.max", "30\n");
  root.Write("sys/fs/cgroup/outer/inner/pids.current", "19\n");
  EXPECT_THAT(WhyNoThread(root.path()), HasSubstr("20 processes and threads (pids.max)"));
}

TEST(ResourceLimits, WhyNoThread_NoGroupReached_IsTheUserOrTheMachine) {
  const TemporaryDirectory root;
  root.Write("proc/self/cgroup", "4:pids:/a\n");
  root.Write("sys/fs/cgroup/pids/a/pids.max", "max\n");
  root.Write("sys/fs/cgroup/pids/a/pids.current", "19\n");
  root.Write("proc/sys/kernel/threads-max", "1234\n");
  EXPECT_THAT(WhyNoThread(root.path()), testing::AnyOf(HasSubstr("(ulimit -u)"), HasSubstr("1234 threads")));
}

}  // namespace
}  // namespace cllm
