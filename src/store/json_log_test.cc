#include "store/json_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/testing/temporary_directory.h"
#include "store/testing/failing_file_system.h"

namespace cllm {
namespace {

class JsonLogTest : public testing::Test {
 protected:
  TemporaryDirectory folder_;
  std::string path_ = folder_ / "log.jsonl";
  PosixFileSystem files_;
};

TEST_F(JsonLogTest, Write_OneLineEach_AtOnceInTheFile) {
  JsonLog log = *JsonLog::Open(files_, path_);
  ASSERT_TRUE(log.Write({{"event", "run_start"}, {"workers", size_t{2}}}).ok());
  EXPECT_EQ(ReadText(path_), "{\"event\":\"run_start\",\"workers\":2}\n");
  ASSERT_TRUE(log.Write({{"step", 1}, {"text", "a\nb\xff"}}).ok());
  EXPECT_EQ(ReadText(path_), "{\"event\":\"run_start\",\"workers\":2}\n{\"step\":1,\"text\":\"a\\nb\xef\xbf\xbd\"}\n");
}

TEST_F(JsonLogTest, Write_NotFinite_IsNullAndMarked) {
  JsonLog log = *JsonLog::Open(files_, path_);
  ASSERT_TRUE(log.Write({{"step", 1}, {"loss", NAN}, {"grad_norm", INFINITY}}).ok());
  EXPECT_EQ(ReadText(path_), "{\"step\":1,\"loss\":null,\"grad_norm\":null,\"nan\":true}\n");
}

TEST_F(JsonLogTest, Open_Existing_IsContinued) {
  ASSERT_TRUE(JsonLog::Open(files_, path_)->Write({{"step", 1}}).ok());
  ASSERT_TRUE(JsonLog::Open(files_, path_)->Write({{"step", 2}}).ok());
  EXPECT_EQ(ReadText(path_), "{\"step\":1}\n{\"step\":2}\n");
}

TEST_F(JsonLogTest, Write_FailsInMidLine_LeavesNoPartOfIt) {
  FailingFileSystem failing(files_);
  JsonLog log = *JsonLog::Open(failing, path_);
  ASSERT_TRUE(log.Write({{"step", 1}}).ok());
  failing.FailAt(0, FailingFileSystem::Mode::kOnce);
  EXPECT_EQ(log.Write({{"step", 2}}).code(), Code::kFailed);
  EXPECT_EQ(ReadText(path_), "{\"step\":1}\n");
  ASSERT_TRUE(log.Write({{"step", 3}}).ok());
  EXPECT_EQ(ReadText(path_), "{\"step\":1}\n{\"step\":3}\n");
}

TEST_F(JsonLogTest, TruncateLog_DropsWhatCameAfterTheCheckpoint) {
  const std::string kept =
      "{\"event\":\"run_start\"}\n{\"step\":99}\n{\"step\":100,\"loss\":1.5}\n{\"event\":\"warning\"}\n";
  WriteText(path_,
            kept + "{\"step\":101}\n{\"event\":\"warning\"}\n{\"event\":\"checkpoint\",\"step\":100}\n{\"step\":1");
  const LogTruncation done = *TruncateLog(files_, path_, 100);
  EXPECT_EQ(done.kept, 5u);
  EXPECT_EQ(done.dropped, 3u);
  EXPECT_EQ(ReadText(path_), kept + "{\"event\":\"checkpoint\",\"step\":100}\n")
      << "written late, but of a step that counts";
}

TEST_F(JsonLogTest, TruncateLog_CutAtEveryByte_KeepsTheWholeLines) {
  const std::string first = "{\"step\":1}\n", second = "{\"step\":2,\"text\":\"abc\"}\n";
  for (size_t size = 0; size <= second.size(); ++size) {
    WriteText(path_, first + second.substr(0, size));
    ASSERT_TRUE(TruncateLog(files_, path_, 5).ok());
    EXPECT_EQ(ReadText(path_), size == second.size() ? first + second : first) << size;
  }
}

TEST_F(JsonLogTest, TruncateLog_DamagedLineInside_IsDropped) {
  WriteText(path_, std::string("{\"step\":1}\nx\0\xff\n\n[1]\n{\"step\":2}\n", 31));
  EXPECT_EQ(TruncateLog(files_, path_, 5)->dropped, 3u);
  EXPECT_EQ(ReadText(path_), "{\"step\":1}\n{\"step\":2}\n");
}

TEST_F(JsonLogTest, TruncateLog_NothingThere_IsFine) {
  EXPECT_EQ(TruncateLog(files_, path_, 5)->kept, 0u);
  WriteText(path_, "");
  EXPECT_EQ(TruncateLog(files_, path_, 5)->dropped, 0u);
}

TEST_F(JsonLogTest, TruncateLog_WriteFails_LogIsAsBefore) {
  const std::string text = "{\"step\":1}\n{\"step\":9}\n";
  WriteText(path_, text);
  FailingFileSystem failing(files_);
  failing.FailAt(1, FailingFileSystem::Mode::kFromThen);
  EXPECT_FALSE(TruncateLog(failing, path_, 5).ok());
  EXPECT_EQ(ReadText(path_), text);
}

}  // namespace
}  // namespace cllm
