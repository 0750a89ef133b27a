#include "cluster/connect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/temporary_directory.h"

namespace cllm {
namespace {

using ::testing::HasSubstr;

TEST(Connect, Alone_TouchesNothing) {
  const auto ranks = Connect({}, {"/nowhere"});
  ASSERT_TRUE(ranks.ok());
  EXPECT_EQ(*ranks, nullptr);
}

TEST(Connect, WithoutThePlugin_NamesWhatToInstall) {
  const TemporaryDirectory directory;
  const auto ranks = Connect({"mpirun", 2}, {directory.path(), directory / "lib"});
  EXPECT_EQ(ranks.status().code(), Code::kUsage);
  EXPECT_THAT(ranks.status().message(), HasSubstr(directory.path() + " and " + directory.path() + "/lib"));
  EXPECT_THAT(ranks.status().message(), HasSubstr("libopenmpi-dev"));
}

TEST(Connect, WhatIsNoLibrary_IsRefused) {
  const TemporaryDirectory directory;
  directory.Write("libcllm_openmpi.so", "no library");
  const auto ranks = Connect({"mpirun", 2}, {directory.path()});
  EXPECT_EQ(ranks.status().code(), Code::kUsage);
  EXPECT_THAT(ranks.status().message(), HasSubstr("cannot be loaded"));
}

TEST(Connect, PluginsLieBesideTheProgramOrWithItsLibraries) {
  const auto directories = PluginDirectories();
  ASSERT_EQ(directories.size(), 2u);
  EXPECT_THAT(directories[1], testing::StartsWith(directories[0] + "/../"));
}

}  // namespace
}  // namespace cllm
