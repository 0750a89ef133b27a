#include "run/export_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/testing/temporary_directory.h"
#include "infer/testing/models.h"
#include "interop/foreign_model.h"
#include "model/model_file.h"
#include "run/import_model.h"
#include "run/open_model.h"
#include "run/testing/small_runs.h"
#include "text/tokenizer_file.h"

namespace cllm {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class ExportModelTest : public testing::Test {
 protected:
  // A model directory of that name; its weights are far from the first ones.
  std::string Model(const std::string& name, const ModelShape& shape) {
    const std::string path = root_ / name;
    PosixFileSystem files;
    CHECK(WriteFileGroup(files, path, {ModelFile(RandomModel(shape, 3, 6))}, IfThere::kRefuse).ok());
    CHECK(SaveTokenizer(Tokenizer::Bytes(), files, path).ok());
    return path;
  }

  TemporaryDirectory root_;
  NoteKeeper observer_;
};

constexpr ModelShape kGrouped{.layers = 2,
                              .heads = 4,
                              .width = 32,
                              .hidden = 44,
                              .context = 40,
                              .vocabulary = kByteVocabulary,
                              .kv_heads = 2,
                              .head_dim = 6,
                              .untied = true};

TEST_F(ExportModelTest, Verified_InEveryFormatAndType) {
  const std::string model = Model("book", kGrouped);
  for (const ExportFormat format : {ExportFormat::kGguf, ExportFormat::kHuggingFace}) {
    for (const TensorType type : {TensorType::kF32, TensorType::kF16, TensorType::kBF16, TensorType::kQ8_0}) {
      const Result<ExportOutcome> outcome = ExportModel({.model = model,
                                                         .choice = {format, type},
                                                         .out = root_ / "out/",
                                                         .if_there = IfThere::kReplace,
                                                         .verify = true},
                                                        observer_);
      if (format == ExportFormat::kHuggingFace && type == TensorType::kQ8_0) {
        EXPECT_EQ(outcome.status().code(), Code::kUsage);
        continue;
      }
      ASSERT_TRUE(outcome.ok()) << outcome.status().message();
      ASSERT_TRUE(outcome->comparison.has_value());
      EXPECT_EQ(outcome->comparison->positions, 40u);  // a whole context
      EXPECT_GT(outcome->comparison->largest_logit, 1);
      EXPECT_EQ(outcome->comparison->largest_difference == 0, type == TensorType::kF32);
      EXPECT_LT(outcome->comparison->largest_difference, outcome->comparison->largest_logit / 5);
    }
  }
}

TEST_F(ExportModelTest, Places) {
  const std::string model = Model("book", kGrouped);
  const auto path = [&](const std::string& out, ExportFormat format) {
    const Result<ExportOutcome> outcome =
        ExportModel({.model = model, .choice = {format, TensorType::kF16}, .out = out}, observer_);
    return outcome.ok() ? outcome->path : outcome.status().message();
  };
  EXPECT_EQ(path(root_ / "x.gguf", ExportFormat::kGguf), root_ / "x.gguf");
  EXPECT_EQ(path(root_ / "new/", ExportFormat::kGguf), root_ / "new/book-F16.gguf");
  EXPECT_EQ(path(root_ / "hf", ExportFormat::kHuggingFace), root_ / "hf");
  EXPECT_THAT(path(root_ / "x.bin", ExportFormat::kGguf), AllOf(HasSubstr("x.bin"), HasSubstr(".gguf")));
  EXPECT_THAT(path(root_ / ".gguf", ExportFormat::kGguf), HasSubstr("expected a file's name"));
  EXPECT_THAT(path(root_ / "x.gguf", ExportFormat::kGguf), HasSubstr("is there already"));
  EXPECT_THAT(path(root_ / "x.gguf", ExportFormat::kHuggingFace), HasSubstr("expected a directory"));
}

// A file that is not what was written is found out: a changed number, which the container cannot notice.
TEST_F(ExportModelTest, Comparison_FindsAChangedNumber) {
  const std::string model = Model("book", kGrouped);
  ASSERT_TRUE(ExportModel({.model = model, .out = root_ / "x.gguf"}, observer_).ok());
  std::string bytes = ReadText(root_ / "x.gguf");
  bytes[bytes.size() / 2] ^= 0x40;
  WriteText(root_ / "x.gguf", bytes);
  const Result<ForeignModel> changed = OpenForeignModel(root_ / "x.gguf");
  ASSERT_TRUE(changed.ok());
  const Weights first = ToRead(RandomModel(kGrouped, 3, 6)), second(ParametersOf(changed->stored), Storage::kF32);
  const std::vector<uint32_t> tokens = RandomTokens(1, 30, kByteVocabulary);
  EXPECT_GT(CompareLogits(first, second, tokens).largest_difference, 0);
  EXPECT_EQ(CompareLogits(first, first, tokens).largest_difference, 0);
  EXPECT_EQ(CompareLogits(first, first, tokens).same_best, 30u);
}

TEST_F(ExportModelTest, Imported_IsTheModel) {
  const std::string model = Model("book", kGrouped);
  ASSERT_TRUE(ExportModel({.model = model, .out = root_ / "x.gguf"}, observer_).ok());
  const Result<ImportOutcome> imported = ImportModel(root_ / "x.gguf", root_ / "again", IfThere::kRefuse, observer_);
  ASSERT_TRUE(imported.ok()) << imported.status().message();
  EXPECT_EQ(imported->shape, kGrouped);
  const Result<OpenedModel> opened = OpenModel(root_ / "again");
  ASSERT_TRUE(opened.ok()) << opened.status().message();
  EXPECT_EQ(WeightHash(opened->stored), WeightHash(RandomModel(kGrouped, 3, 6)));
  EXPECT_EQ(opened->tokenizer.hash(), Tokenizer::Bytes().hash());
}

TEST_F(ExportModelTest, FilesOfOtherPrograms_AreModelsAsTheyLieThere) {
  const std::string model = Model("book", kGrouped), gguf = root_ / "x.gguf", directory = root_ / "hf";
  ASSERT_TRUE(ExportModel({.model = model, .out = gguf}, observer_).ok());
  ASSERT_TRUE(ExportModel({.model = model, .choice = {ExportFormat::kHuggingFace}, .out = directory}, observer_).ok());
  EXPECT_FALSE(IsForeignModel(directory));  // it has our lattice beside it
  std::filesystem::remove(directory + "/" + kLatticeFileName);
  for (const std::string& path : {gguf, directory}) {
    const Result<OpenedModel> opened = OpenModel(path);
    ASSERT_TRUE(opened.ok()) << opened.status().message();
    EXPECT_EQ(WeightHash(opened->stored), WeightHash(RandomModel(kGrouped, 3, 6)));
    EXPECT_EQ(opened->step, 0u);
    EXPECT_EQ(opened->path, std::filesystem::canonical(path).string());
    EXPECT_TRUE(PathExists(opened->file)) << opened->file;
    const Result<Tokenizer> tokenizer = TokenizerOf(path);
    ASSERT_TRUE(tokenizer.ok()) << tokenizer.status().message();
    EXPECT_EQ(tokenizer->hash(), opened->tokenizer.hash());
    EXPECT_EQ(tokenizer->Encode("two words"), Tokenizer::Bytes().Encode("two words"));
  }
  const Result<ExportOutcome> again = ExportModel({.model = gguf, .out = root_ / "again/"}, observer_);
  ASSERT_TRUE(again.ok()) << again.status().message();
  EXPECT_EQ(again->path, root_ / "again/x-F32.gguf");
}

TEST_F(ExportModelTest, Import_RefusesNumbersThatAreNotFinite) {
  Parameters parameters = RandomModel(kGrouped, 3, 6);
  parameters.tensor(parameters.layout().down(1))[7] = std::numeric_limits<float>::infinity();
  const std::string path = root_ / "book";
  PosixFileSystem files;
  ASSERT_TRUE(WriteFileGroup(files, path, {ModelFile(parameters)}, IfThere::kRefuse).ok());
  ASSERT_TRUE(SaveTokenizer(Tokenizer::Bytes(), files, path).ok());
  ASSERT_TRUE(ExportModel({.model = path, .out = root_ / "x.gguf"}, observer_).ok());
  const Result<ImportOutcome> imported = ImportModel(root_ / "x.gguf", root_ / "again", IfThere::kRefuse, observer_);
  EXPECT_EQ(imported.status().code(), Code::kBadInput);
  EXPECT_THAT(imported.status().message(), AllOf(HasSubstr("layers.1.down"), HasSubstr("row 0")));
  EXPECT_FALSE(std::filesystem::exists(root_ / "again"));
  EXPECT_EQ(OpenModel(root_ / "x.gguf").status().message(), imported.status().message());
}

}  // namespace
}  // namespace cllm
