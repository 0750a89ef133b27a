#include "spheres/quota.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace cllm {
namespace {

// A file tree with /proc/self and cgroup mounts, removed at the end.
class QuotaTest : public testing::Test {
 protected:
  void SetUp() override {
    const testing::TestInfo& test = *testing::UnitTest::GetInstance()->current_test_info();
    root_ = std::filesystem::path(testing::TempDir()) / (std::string("cllm_quota_") + test.name());
    std::filesystem::remove_all(root_);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void Write(const std::string& path, const std::string& text) {
    const std::filesystem::path file = root_ / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  void WriteMounts(const std::string& lines) {
    Write("proc/mountinfo", "22 28 0:21 / /sys rw,nosuid - sysfs sysfs rw\n" + lines);
  }
  std::optional<size_t> Quota() const {
    return CpuQuota({.process = (root_ / "proc").string(), .root = root_.string()});
  }

  std::filesystem::path root_;
};

const char kMountUnified[] = "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
const char kMountV1[] = "36 24 0:31 / /sys/fs/cgroup/cpu,cpuacct rw shared:15 - cgroup cgroup rw,cpu,cpuacct\n";

TEST_F(QuotaTest, NoFiles_NoQuota) { EXPECT_EQ(Quota(), std::nullopt); }

TEST_F(QuotaTest, V2_OwnGroup_IsRoundedUp) {
  WriteMounts(kMountUnified);
  Write("proc/cgroup", "0::/user.slice/job\n");
  Write("sys/fs/cgroup/user.slice/job/cpu.max", "150000 100000\n");
  EXPECT_EQ(Quota(), 2u);
  Write("sys/fs/cgroup/user.slice/job/cpu.max", "200000 100000\n");
  EXPECT_EQ(Quota(), 2u);
  Write("sys/fs/cgroup/user.slice/job/cpu.max", "200001 100000\n");
  EXPECT_EQ(Quota(), 3u);
  Write("sys/fs/cgroup/user.slice/job/cpu.max", "1000 100000\n");
  EXPECT_EQ(Quota(), 1u);
}

TEST_F(QuotaTest, V2_ParentIsTighter_ParentCounts) {
  WriteMounts(kMountUnified);
  Write("proc/cgroup", "0::/a/b/c\n");
  Write("sys/fs/cgroup/a/b/c/cpu.max", "max 100000\n");
  Write("sys/fs/cgroup/a/b/cpu.max", "800000 100000\n");
  Write("sys/fs/cgroup/a/cpu.max", "300000 100000\n");
  Write("sys/fs/cgroup/other/cpu.max", "100000 100000\n");
  EXPECT_EQ(Quota(), 3u);
}

TEST_F(QuotaTest, V2_Max_NoQuota) {
  WriteMounts(kMountUnified);
  Write("proc/cgroup", "0::/a\n");
  Write("sys/fs/cgroup/a/cpu.max", "max 100000\n");
  EXPECT_EQ(Quota(), std::nullopt);
}

TEST_F(QuotaTest, V2_ContainerAtTheMountsRoot_RootCounts) {
  WriteMounts(kMountUnified);
  Write("proc/cgroup", "0::/\n");
  Write("sys/fs/cgroup/cpu.max", "400000 100000\n");
  EXPECT_EQ(Quota(), 4u);
}

TEST_F(QuotaTest, V1_OwnGroupAndParents_SmallestCounts) {
  WriteMounts(kMountV1);
  Write("proc/cgroup", "12:pids:/x\n4:cpu,cpuacct:/docker/abc\n0::/x\n");
  Write("sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "550000\n");
  Write("sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us", "100000\n");
  Write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  Write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(Quota(), 6u);
}

TEST_F(QuotaTest, V1_PathOfTheHostIsNotMounted_MountPointCounts) {
  WriteMounts("36 24 0:31 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n");
  Write("proc/cgroup", "4:cpu:/docker/abc\n");
  Write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n");
  Write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(Quota(), 1u);
}

TEST_F(QuotaTest, BothVersions_SmallestCounts) {
  WriteMounts("41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n" + std::string(kMountV1));
  Write("proc/cgroup", "4:cpu,cpuacct:/\n0::/a\n");
  Write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "700000\n");
  Write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  Write("sys/fs/cgroup/unified/a/cpu.max", "900000 100000\n");
  EXPECT_EQ(Quota(), 7u);
}

TEST_F(QuotaTest, CpusetIsNotCpu_Ignored) {
  WriteMounts("36 24 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n");
  Write("proc/cgroup", "4:cpuset:/\n");
  Write("sys/fs/cgroup/cpuset/cpu.cfs_quota_us", "100000\n");
  Write("sys/fs/cgroup/cpuset/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(Quota(), std::nullopt);
}

TEST_F(QuotaTest, Nonsense_NoQuota) {
  WriteMounts("x\n\n" + std::string(kMountUnified));
  Write("proc/cgroup", ":\n0:\n\n0::/a\n");
  for (const char* text : {"", "100000", "0 0", "100000 0", "-5 100000", "abc def", "\n\n"}) {
    Write("sys/fs/cgroup/a/cpu.max", text);
    EXPECT_EQ(Quota(), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace cllm
