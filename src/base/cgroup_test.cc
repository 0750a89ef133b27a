#include "base/cgroup.h"

#include <gtest/gtest.h>

#include "base/testing/temporary_directory.h"

namespace cllm {
namespace {

TEST(OwnCgroups, Lines_AreControllersAndPath_WithoutASlashAtTheEnd) {
  const TemporaryDirectory directory;
  directory.Write("proc/self/cgroup", "12:pids:/a/b\n3:cpu,cpuacct:/\n0::/c/\nnot a line\n7:x:relative\n");
  const std::vector<Cgroup> groups = OwnCgroups(directory.path());
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(groups[0].controllers, "pids");
  EXPECT_EQ(groups[0].path, "/a/b");
  EXPECT_EQ(groups[1].controllers, "cpu,cpuacct");
  EXPECT_EQ(groups[1].path, "");
  EXPECT_EQ(groups[2].controllers, "");
  EXPECT_EQ(groups[2].path, "/c");
}

TEST(OwnCgroups, WithoutProc_ThereAreNone) { EXPECT_TRUE(OwnCgroups(TemporaryDirectory().path()).empty()); }

}  // namespace
}  // namespace cllm
