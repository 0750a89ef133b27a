#include "serve/paths.h"

#include <gtest/gtest.h>

namespace cllm {
namespace {

TEST(NormalPath, SlashesVersionsQueriesAndEscapes) {
  EXPECT_EQ(NormalPath("/v1/completions"), "/completions");
  EXPECT_EQ(NormalPath("//v1///completions//"), "/completions");
  EXPECT_EQ(NormalPath("/v1/v1/v1"), "/");
  EXPECT_EQ(NormalPath("/"), "/");
  EXPECT_EQ(NormalPath(""), "/");
  EXPECT_EQ(NormalPath("/v1"), "/");
  EXPECT_EQ(NormalPath("/v1x/a"), "/v1x/a");
  EXPECT_EQ(NormalPath("/a?b=/c#d"), "/a");
  EXPECT_EQ(NormalPath("/models/a%2Fb%20c"), "/models/a/b c");
  EXPECT_EQ(NormalPath("/a%2"), "/a%2");
  EXPECT_EQ(NormalPath("/%zz"), "/%zz");
  EXPECT_EQ(NormalPath("/%2525"), "/%25");  // once
  EXPECT_EQ(NormalPath("http://host:80/v1/models"), "/models");
  EXPECT_EQ(NormalPath("http://host"), "/");
  EXPECT_EQ(NormalPath("/see?u=http://host/x"), "/see");
}

}  // namespace
}  // namespace cllm
