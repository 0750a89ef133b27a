#include "serve/dashboard/dashboard_target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cllm {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(DashboardTargets, WorkBelowAnyPath) {
  for (const char* target :
       {"/api/runs/book-1/curves?names=loss,lr", "/x/y/api/runs/book-1/curves?names=loss,lr",
        "//api//runs/book%2D1/curves/?names=loss%2Clr", "api/runs/book-1/curves?&names=loss,,lr#top",
        "http://localhost:7007/api/runs/book-1/curves?names=loss,lr"}) {
    const DashboardTarget found = DashboardTarget::Of(target);
    EXPECT_THAT(found.api, ElementsAre("runs", "book-1", "curves")) << target;
    EXPECT_THAT(found.List("names"), ElementsAre("loss", "lr")) << target;
  }
  for (const char* target : {"/", "", "/x/", "/x/y/?run=a", "?"})
    EXPECT_EQ(DashboardTarget::Of(target).file, "/") << target;
  EXPECT_EQ(DashboardTarget::Of("/proxy/7007/assets/dashboard.js?v=1").file, "/assets/dashboard.js");
  EXPECT_EQ(DashboardTarget::Of("/x/dashboard.html").file, "/dashboard.html");
}

TEST(DashboardTargets, AnIdMayHoldWhatPathsAreMadeOf) {
  EXPECT_THAT(DashboardTarget::Of("/api/runs/a%2Fb/log").api, ElementsAre("runs", "a/b", "log"));
  EXPECT_THAT(DashboardTarget::Of("/api/runs/api/events").api, ElementsAre("runs", "api", "events"));
  EXPECT_THAT(DashboardTarget::Of("/api/runs/%3Cb%3E%20%22").api, ElementsAre("runs", "<b> \""));
  EXPECT_THAT(DashboardTarget::Of("/api/elsewhere").api, IsEmpty());
}

TEST(DashboardTargets, NumbersOfTheQuery) {
  const DashboardTarget found = DashboardTarget::Of("/api/runs/a/curves?from=-1.5e3&to=&points=many&x=a+b");
  EXPECT_EQ(found.Number("from", 0), -1500);
  EXPECT_EQ(found.Number("to", 7), 7);
  EXPECT_EQ(found.Number("absent", 8), 8);
  EXPECT_EQ(found.Number("points", 1), std::nullopt);
  EXPECT_EQ(*found.Value("x"), "a b");
  EXPECT_EQ(found.Value("y"), nullptr);
}

}  // namespace
}  // namespace cllm
