#include "cllm/exchange.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <stdexcept>

#include "api/testing/small_trainings.h"

namespace cllm {
namespace {

using ::testing::HasSubstr;

class ExchangeTest : public SmallTrainings {
 protected:
  ExportResult Exported(const ExportOptions& options) {
    const Expected<ExportResult> written = Export(root_ / "model", options);
    EXPECT_TRUE(written) << written.error().message;
    return *written;
  }
  const Model model_ = SmallModel();
};

TEST_F(ExchangeTest, ExportedModel_ComesBackWithItsBits) {
  for (const FileFormat format : {FileFormat::kGguf, FileFormat::kHuggingFace}) {
    const std::string out = root_ / (format == FileFormat::kGguf ? "small.gguf" : "small-hf");
    const ExportResult written = Exported({.format = format, .out = out, .verify = true});
    EXPECT_EQ(written.path, out);
    EXPECT_GT(written.bytes, 4 * 259u * 8u);
    EXPECT_GT(written.positions, 0u);
    EXPECT_EQ(written.largest_difference, 0);
    for (const std::string& file : written.files) EXPECT_TRUE(std::filesystem::exists(file)) << file;
    const Expected<ModelInfo> read = Import(out, out + "-back");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->parameters, model_.info().parameters);
    EXPECT_EQ(read->directory, out + "-back");
    EXPECT_EQ(Opened(read->directory).info().weights_hash, model_.info().weights_hash);
  }
}

TEST_F(ExchangeTest, Types_AreWritten) {
  uint64_t bytes = ~uint64_t{0};
  for (const NumberType type : {NumberType::kF32, NumberType::kF16, NumberType::kBf16}) {
    const ExportResult written = Exported({.type = type, .out = root_ / "t.gguf", .if_exists = IfFileExists::kReplace});
    EXPECT_LE(written.bytes, bytes);
    bytes = written.bytes;
  }
}

TEST_F(ExchangeTest, WhatIsWrong_IsAnError) {
  const auto export_kind = [&](const std::string& model, const ExportOptions& options) {
    const Expected<ExportResult> written = Export(model, options);
    return written ? std::optional<ErrorKind>() : written.error().kind;
  };
  Exported({.out = root_ / "there.gguf"});
  EXPECT_EQ(export_kind(root_ / "model", {.out = root_ / "there.gguf"}), ErrorKind::kBadOption);
  EXPECT_EQ(export_kind(root_ / "model", {.out = root_ / "no.such.ending"}), ErrorKind::kBadOption);
  EXPECT_EQ(export_kind(root_ / "model", {.format = FileFormat::kHuggingFace, .type = NumberType::kQ8_0}),
            ErrorKind::kBadOption);
  EXPECT_EQ(export_kind(root_ / "nothing", {.out = root_ / "a.gguf"}), ErrorKind::kBadInput);
  const auto import_kind = [&](const std::string& path, const std::string& directory) {
    const Expected<ModelInfo> read = Import(path, directory);
    return read ? std::optional<ErrorKind>() : read.error().kind;
  };
  EXPECT_EQ(import_kind(root_ / "nothing.gguf", root_ / "x"), ErrorKind::kBadInput);
  EXPECT_EQ(import_kind(root_.Write("bad.gguf", "GGUF and no more"), root_ / "x"), ErrorKind::kBadInput);
  EXPECT_EQ(import_kind(root_ / "there.gguf", ""), ErrorKind::kBadOption);
  EXPECT_FALSE(std::filesystem::exists(root_ / "x"));
}

TEST_F(ExchangeTest, Stop_LeavesNoHalfFiles) {
  const auto at = [](const char* phase) {
    return StopAt<PhaseShare>([phase](const PhaseShare& share) { return share.name == phase; });
  };
  const Expected<ExportResult> before = Export(root_ / "model", {.out = root_ / "a.gguf"}, at("writing"));
  ASSERT_FALSE(before);
  EXPECT_EQ(before.error().kind, ErrorKind::kStopped);
  EXPECT_FALSE(std::filesystem::exists(root_ / "a.gguf"));
  const Watch thrower{.on_event = [](const Event&) -> Next { throw std::runtime_error("no"); }};
  const Expected<ExportResult> thrown = Export(root_ / "model", {.out = root_ / "a.gguf"}, thrower);
  ASSERT_FALSE(thrown);
  EXPECT_EQ(thrown.error().kind, ErrorKind::kCallback);
  EXPECT_FALSE(std::filesystem::exists(root_ / "a.gguf"));
  const Expected<ModelInfo> import =
      Import(Exported({.out = root_ / "b.gguf"}).path, root_ / "b", IfFileExists::kRefuse, at("importing"));
  ASSERT_FALSE(import);
  EXPECT_EQ(import.error().kind, ErrorKind::kStopped);
  EXPECT_FALSE(std::filesystem::exists(root_ / "b"));
}

}  // namespace
}  // namespace cllm
