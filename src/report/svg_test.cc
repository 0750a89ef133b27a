#include "report/svg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cllm::report {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(Svg, Text_IsEscaped) {
  Svg svg(10, 10, "a \"title\"");
  svg.Text({1, 2}, "1 < 2", "label");
  EXPECT_THAT(svg.Finished(), HasSubstr("&quot;title&quot;"));
  EXPECT_THAT(svg.Finished(), HasSubstr(">1 &lt; 2</text>"));
}

TEST(Svg, WithAStyle_IsAFileOfItsOwn) {
  EXPECT_THAT(Svg(10, 20, "t", "text { fill: red }").Finished(),
              testing::AllOf(StartsWith("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"10\" height=\"20\""),
                             HasSubstr("<style>text { fill: red }</style>")));
  EXPECT_THAT(Svg(10, 20, "t").Finished(), Not(HasSubstr("xmlns")));
}

}  // namespace
}  // namespace cllm::report
