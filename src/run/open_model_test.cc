#include "run/open_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <initializer_list>

#include "base/testing/temporary_directory.h"
#include "infer/testing/models.h"
#include "model/model_file.h"
#include "store/checkpoint.h"
#include "text/tokenizer_file.h"

namespace cllm {
namespace {

using testing::AllOf;
using testing::HasSubstr;

ModelShape Shape(size_t vocabulary) {
  return {.layers = 1, .heads = 2, .width = 8, .hidden = 12, .context = 16, .vocabulary = vocabulary};
}

Parameters WeightsOfStep(uint64_t step) {
  Parameters parameters(Shape(kByteVocabulary));
  InitializeParameters(step, parameters);
  return parameters;
}

// A run with checkpoints 1, 2 and 3, of which 2 is the best.
class OpenModelTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(files_.MakeDirectory(run_).ok());
    WriteText(run_ + "/config.toml", "");
    ASSERT_TRUE(SaveTokenizer(Tokenizer::Bytes(), files_, run_).ok());
    for (uint64_t step : std::initializer_list<uint64_t>{1, 2, 3}) {
      const Parameters parameters = WeightsOfStep(step);
      ASSERT_TRUE(checkpoints_.Save(step, {ModelFile(parameters),
                                           TextFile("optimizer.safetensors", "not of interest here")}).ok());
    }
    ASSERT_TRUE(checkpoints_.PointBest(2).ok());
  }

  std::string Step(uint64_t step) const { return checkpoints_.Directory(step); }
  std::string ModelPath(uint64_t step) const { return Step(step) + "/" + kModelFileName; }

  // A directory with what other programs need: model and tokenizer, no manifest.
  std::string Imported() {
    const std::string path = directory_ / "imported";
    std::filesystem::create_directory(path);
    std::filesystem::copy(ModelPath(3), path);
    EXPECT_TRUE(SaveTokenizer(Tokenizer::Bytes(), files_, path).ok());
    return path;
  }

  TemporaryDirectory directory_;
  PosixFileSystem files_;
  std::string run_ = directory_ / "run";
  Checkpoints checkpoints_{files_, run_};
};

void ExpectStep(const std::string& model, uint64_t step, uint64_t weights) {
  const Result<OpenedModel> opened = OpenModel(model);
  ASSERT_TRUE(opened.ok()) << opened.status().message();
  EXPECT_EQ(opened->step, step) << model;
  EXPECT_EQ(opened->shape(), Shape(kByteVocabulary)) << model;
  EXPECT_EQ(WeightHash(opened->stored), WeightHash(WeightsOfStep(weights))) << model;
  EXPECT_EQ(opened->tokenizer.hash(), Tokenizer::Bytes().hash()) << model;
}

std::string Error(const std::string& model) {
  const Result<OpenedModel> opened = OpenModel(model);
  EXPECT_FALSE(opened.ok()) << model;
  EXPECT_EQ(opened.status().code(), Code::kBadInput) << model;
  return opened.status().message();
}

TEST_F(OpenModelTest, Run_IsItsBestCheckpoint) {
  ExpectStep(run_, 2, 2);
  ExpectStep(run_ + "/", 2, 2);
  ExpectStep(run_ + "@best", 2, 2);
}

TEST_F(OpenModelTest, RunAt_NamesACheckpoint) {
  ExpectStep(run_ + "@latest", 3, 3);
  ExpectStep(run_ + "@1", 1, 1);
}

TEST_F(OpenModelTest, CheckpointDirectory_FindsTheTokenizerOfItsRun) {
  ExpectStep(Step(1), 1, 1);
  ExpectStep(run_ + "/latest", 3, 3);
  ExpectStep(run_ + "/best/", 2, 2);
  const Result<OpenedModel> opened = OpenModel(run_ + "/best");
  EXPECT_EQ(opened->path, std::filesystem::canonical(Step(2)).string());
}

TEST_F(OpenModelTest, DirectoryWithModelAndTokenizer_Opens) { ExpectStep(Imported(), 0, 3); }

TEST_F(OpenModelTest, PathWithAt_IsAPathFirst) {
  const std::string path = directory_ / "me@home";
  std::filesystem::rename(run_, path);
  ExpectStep(path, 2, 2);
  ExpectStep(path + "@1", 1, 1);
}

TEST_F(OpenModelTest, DamageOutsideTheModelFile_DoesNotMatter) {
  std::filesystem::remove(Step(2) + "/optimizer.safetensors");
  ExpectStep(run_, 2, 2);
}

TEST_F(OpenModelTest, Missing_IsNamed) {
  const std::string path = directory_ / "nothing";
  EXPECT_THAT(Error(path), AllOf(HasSubstr(path), HasSubstr("expected a run"), HasSubstr("found nothing")));
  EXPECT_THAT(Error(path + "@latest"), AllOf(HasSubstr(path), HasSubstr("found nothing")));
  EXPECT_THAT(Error(ModelPath(1)), AllOf(HasSubstr(ModelPath(1)), HasSubstr("found another file")));
  EXPECT_THAT(Error(directory_.path()), AllOf(HasSubstr(directory_.path()), HasSubstr("without any")));
  EXPECT_THAT(Error(directory_.path() + "@latest"), HasSubstr("config.toml"));
}

TEST_F(OpenModelTest, UnknownStep_ListsWhatIsThere) {
  EXPECT_THAT(Error(run_ + "@7"), AllOf(HasSubstr(run_), HasSubstr("'7'"), HasSubstr("3, 2, 1")));
  EXPECT_THAT(Error(run_ + "@newest"), HasSubstr("'newest'"));
  EXPECT_THAT(Error(run_ + "@"), HasSubstr("''"));
}

TEST_F(OpenModelTest, RunWithoutCheckpoints_IsNamed) {
  std::filesystem::remove_all(run_ + "/checkpoints");
  EXPECT_THAT(Error(run_), AllOf(HasSubstr(run_), HasSubstr("found none")));
}

TEST_F(OpenModelTest, CutModelFile_IsNamed) {
  std::filesystem::resize_file(ModelPath(2), 1000);
  EXPECT_THAT(Error(run_), AllOf(HasSubstr(kModelFileName), HasSubstr("expected"), HasSubstr("1000")));
  const std::string imported = Imported(), path = imported + "/" + kModelFileName;
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 4);
  EXPECT_THAT(Error(imported), HasSubstr(path));
  std::filesystem::remove(path);
  EXPECT_THAT(Error(imported), HasSubstr(imported));
}

TEST_F(OpenModelTest, ChangedModelFile_IsDamaged) {
  std::string bytes = ReadText(ModelPath(2));
  bytes.back() ^= 1;
  WriteText(ModelPath(2), bytes);
  EXPECT_THAT(Error(run_), AllOf(HasSubstr(kModelFileName), HasSubstr("damaged")));
}

TEST_F(OpenModelTest, CheckpointWithoutModelFile_IsNamed) {
  std::filesystem::remove(ModelPath(2));
  EXPECT_THAT(Error(run_), HasSubstr(kModelFileName));
}

TEST_F(OpenModelTest, OtherVocabulary_SaysBothNumbers) {
  const ModelShape config = Shape(300);
  const Parameters parameters(config);
  ASSERT_TRUE(checkpoints_.Save(9, {ModelFile(parameters)}).ok());
  EXPECT_THAT(Error(run_ + "@9"), AllOf(HasSubstr(kModelFileName), HasSubstr("300 tokens"), HasSubstr("expected 259"),
                                        HasSubstr(kTokenizerFileName)));
}

TEST_F(OpenModelTest, MissingOrDamagedTokenizer_IsNamed) {
  const std::string imported = Imported();
  std::filesystem::remove(imported + "/" + kLatticeFileName);
  EXPECT_THAT(Error(imported), HasSubstr(kLatticeFileName));
  std::filesystem::remove(imported + "/" + kTokenizerFileName);
  EXPECT_THAT(Error(imported), AllOf(HasSubstr(imported), HasSubstr(kTokenizerFileName)));
  WriteText(run_ + "/" + kTokenizerFileName, "{\"version\": ");
  EXPECT_THAT(Error(run_), AllOf(HasSubstr(run_), HasSubstr(kTokenizerFileName)));
}

TEST_F(OpenModelTest, FilesOfOtherPrograms_ThatAreNone_AreNamed) {
  const std::string gguf = directory_ / "book.gguf", directory = directory_ / "hf";
  WriteText(gguf, "GGUF and no more");
  EXPECT_THAT(Error(gguf), HasSubstr(gguf));
  std::filesystem::create_directory(directory);
  WriteText(directory + "/config.json", "{}");
  EXPECT_THAT(Error(directory), HasSubstr(directory));
  EXPECT_THAT(ModelDirectory(gguf).status().message(), HasSubstr("of another program"));
  EXPECT_THAT(TokenizerOf(gguf).status().message(), HasSubstr(gguf));
  EXPECT_THAT(Error(directory_ / "missing.gguf"), AllOf(HasSubstr("a .gguf file"), HasSubstr("found nothing")));
}

}  // namespace
}  // namespace cllm
