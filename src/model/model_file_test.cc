#include "model/model_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/testing/temporary_directory.h"

namespace cllm {
namespace {

class ModelFiles : public ::testing::Test {
 protected:
  ModelFiles() : parameters_(config_) {
    InitializeParameters(5, parameters_);
  }

  std::string Write(const std::string& name) {
    const std::string path = directory_ / name;
    auto file = files_.Create(path);
    EXPECT_TRUE(file.ok());
    EXPECT_TRUE(ModelFile(parameters_).write(**file).ok());
    EXPECT_TRUE((*file)->Close().ok());
    return path;
  }
  static std::string Content(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  ModelShape config_{.layers = 2, .heads = 2, .width = 8, .hidden = 12, .context = 8, .vocabulary = 20};
  Parameters parameters_;
  TemporaryDirectory directory_;
  PosixFileSystem files_;
};

TEST_F(ModelFiles, Weights_RoundTrip_AndEqualWeightsAreEqualFiles) {
  const std::string path = Write("a.safetensors");
  const auto config = ReadModelShape(path);
  ASSERT_TRUE(config.ok()) << config.status().message();
  EXPECT_EQ(*config, config_);
  Parameters read(config_);
  ASSERT_TRUE(ReadModel(path, read).ok());
  EXPECT_EQ(WeightHash(read), WeightHash(parameters_));
  EXPECT_EQ(Content(path), Content(Write("b.safetensors")));
}

TEST_F(ModelFiles, AnotherShape_IsRefused) {
  const std::string path = Write("a.safetensors");
  ModelShape other = config_;
  other.hidden = 16;
  Parameters read(other);
  EXPECT_EQ(ReadModel(path, read).code(), Code::kBadInput);
}

// A shape larger than the file must be refused before memory is taken for it.
TEST_F(ModelFiles, MetadataThatClaimsMore_IsRefused) {
  std::string content = Content(Write("a.safetensors"));
  const std::string claim = "\"vocabulary\":\"20\"";
  const size_t at = content.find(claim);
  ASSERT_NE(at, std::string::npos);
  content.replace(at, claim.size(), "\"vocabulary\":\"99\"");
  const std::string path = directory_ / "c.safetensors";
  std::ofstream(path, std::ios::binary) << content;
  EXPECT_EQ(ReadModelShape(path).status().code(), Code::kBadInput);
}

TEST_F(ModelFiles, CutAtAnyByte_IsRefused) {
  const std::string content = Content(Write("a.safetensors"));
  const std::string path = directory_ / "cut.safetensors";
  for (size_t size = 0; size < content.size(); size += 13) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << content.substr(0, size);
    EXPECT_EQ(ReadModelShape(path).status().code(), Code::kBadInput) << size;
  }
}

}  // namespace
}  // namespace cllm
