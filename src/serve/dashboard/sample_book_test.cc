#include "serve/dashboard/sample_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/temporary_directory.h"

namespace cllm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SampleBooks : public ::testing::Test {
 protected:
  void ReadLog(const std::string& log) {
    const auto history = ReadRunHistory(root_.Write("log.jsonl", log));
    ASSERT_TRUE(history.ok()) << history.status().message();
    book_.Read(*history);
  }
  std::string Answer() { return WriteJson(book_.Answer()); }

  TemporaryDirectory root_;
  SampleBook book_;
};

constexpr const char* kStart = "{\"event\":\"run_start\",\"format\":1,\"step\":0}\n";

TEST_F(SampleBooks, AskOnceForWhatTheyDoNotKnow) {
  ReadLog(std::string(kStart) +
          "{\"event\":\"sample\",\"step\":1,\"text\":\"one\"}\n{\"event\":\"sample\",\"step\":2,\"text\":\"two\"}\n"
          "{\"event\":\"sample\",\"step\":3,\"text\":\"one\"}\n");
  const std::vector<std::string> unknown = book_.TakeUnknown(0);
  EXPECT_THAT(unknown, ElementsAre("one", "two"));
  EXPECT_THAT(book_.TakeUnknown(0), IsEmpty()) << "somebody looks";
  EXPECT_THAT(Answer(), HasSubstr("\"pending\":true"));
  EXPECT_THAT(Answer(), HasSubstr("{\"text\":\"one\",\"copied\":null}"));
  book_.Keep(unknown, {{.pieces = {{"o", 0}, {"ne", 9}}, .share = 0.5, .longest = 9}, {.pieces = {{"two", 0}}}});
  EXPECT_THAT(book_.TakeUnknown(0), IsEmpty());
  EXPECT_THAT(Answer(), HasSubstr("\"pending\":false"));
  EXPECT_THAT(Answer(),
              HasSubstr("{\"step\":3,\"text\":\"one\",\"pieces\":[{\"text\":\"o\",\"copied\":0},{\"text\":\"ne\","
                        "\"copied\":9}],\"copied_share\":0.5,\"longest\":9}"));
}

TEST_F(SampleBooks, WithoutTokens_SayWhy) {
  ReadLog(std::string(kStart) + "{\"event\":\"sample\",\"step\":1,\"text\":\"<b>one</b>\"}\n");
  ASSERT_THAT(book_.TakeUnknown(0), ElementsAre("<b>one</b>"));
  book_.GiveUp("the tokens are not there", 5);
  EXPECT_THAT(book_.TakeUnknown(6), IsEmpty());
  EXPECT_THAT(Answer(), HasSubstr("\"known\":false"));
  EXPECT_THAT(Answer(), HasSubstr("the tokens are not there"));
  // They may have come.
  ASSERT_THAT(book_.TakeUnknown(60), ElementsAre("<b>one</b>"));
  book_.Keep({"<b>one</b>"}, {{.pieces = {{"<b>one</b>", 0}}}});
  EXPECT_THAT(Answer(), HasSubstr("\"known\":true"));
  EXPECT_THAT(Answer(), HasSubstr("\"reason\":\"\""));
}

}  // namespace
}  // namespace cllm
