#include "run/log_outline.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/testing/temporary_directory.h"

namespace cllm {
namespace {

class LogOutlines : public ::testing::Test {
 protected:
  void Append(const std::string& text) { std::ofstream(path_, std::ios::app) << text; }
  uint64_t LastStep() {
    outline_.ReadMore(path_);
    const auto step = outline_.LastStep();
    return step ? *step->Unsigned("step") : 0;
  }

  TemporaryDirectory root_;
  const std::string path_ = root_ / "log.jsonl";
  LogOutline outline_;
};

TEST_F(LogOutlines, ReadsOnWhereItStopped) {
  EXPECT_EQ(LastStep(), 0u) << "no file";
  Append("{\"event\":\"run_start\",\"step\":0}\n{\"step\":1,\"loss\":5}\n{\"step\":2,");
  EXPECT_EQ(LastStep(), 1u) << "the last line is not whole";
  Append(
      "\"loss\":4}\n{\"event\":\"eval\",\"step\":2,\"val_nats\":3,\"bits_per_byte\":4,\"best\":true,\"whole\":false}"
      "\n");
  EXPECT_EQ(LastStep(), 2u);
  ASSERT_TRUE(outline_.best());
  EXPECT_EQ(outline_.best()->bits_per_byte, 4);
  EXPECT_FALSE(outline_.ended());
  Append(
      "{\"event\":\"eval\",\"step\":3,\"val_nats\":9,\"bits_per_byte\":9,\"best\":false}\n{\"event\":\"run_end\","
      "\"step\":3}\n");
  EXPECT_EQ(LastStep(), 2u);
  EXPECT_EQ(outline_.best()->step, 2u) << "a worse one changes nothing";
  EXPECT_TRUE(outline_.ended());
}

TEST_F(LogOutlines, AnotherFile_IsReadAnew) {
  Append("{\"event\":\"run_start\",\"step\":0}\n{\"step\":1}\n{\"step\":2}\n{\"event\":\"run_end\",\"step\":2}\n");
  EXPECT_EQ(LastStep(), 2u);
  std::filesystem::rename(path_, root_ / "before");
  Append(
      "{\"event\":\"run_start\",\"step\":0}\n{\"step\":1}\n{\"event\":\"resume\",\"step\":1}\n{\"event\":\"diverged\","
      "\"step\":1}\n");
  EXPECT_EQ(LastStep(), 1u);
  EXPECT_FALSE(outline_.ended());
  EXPECT_TRUE(outline_.diverged());
  std::filesystem::resize_file(path_, 0);
  EXPECT_EQ(LastStep(), 0u) << "shorter than it was";
  EXPECT_FALSE(outline_.diverged());
  std::filesystem::remove(path_);
  EXPECT_EQ(LastStep(), 0u) << "gone";
}

TEST_F(LogOutlines, ForeignLines_ArePassedBy) {
  Append("nonsense\n{\"event\":7}\n{\"event\":\"eval\",\"best\":\"yes\"}\n{\"step\":broken\n\n");
  EXPECT_EQ(LastStep(), 0u);
  EXPECT_FALSE(outline_.best());
  Append(std::string(3 << 20, 'x') + "\n{\"step\":4}\n");
  EXPECT_EQ(LastStep(), 4u);
}

}  // namespace
}  // namespace cllm
