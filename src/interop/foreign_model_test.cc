#include "interop/foreign_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include "base/testing/temporary_directory.h"
#include "interop/testing/exported.h"
#include "model/model_file.h"
#include "text/tokenizer_file.h"

// What is exported is imported again, in both formats.
namespace cllm {
namespace {

using testing::HasSubstr;

struct Case {
  ExportFormat format;
  TensorType type;
};
constexpr Case kCases[] = {
    {ExportFormat::kGguf, TensorType::kF32},        {ExportFormat::kGguf, TensorType::kF16},
    {ExportFormat::kGguf, TensorType::kBF16},       {ExportFormat::kGguf, TensorType::kQ8_0},
    {ExportFormat::kHuggingFace, TensorType::kF32}, {ExportFormat::kHuggingFace, TensorType::kF16},
    {ExportFormat::kHuggingFace, TensorType::kBF16}};

class ForeignModelTest : public testing::TestWithParam<Case> {
 protected:
  std::string Written(const Parameters& parameters, const Tokenizer& tokenizer) {
    const ExportedModel model{parameters, tokenizer, "name", "Made for a test."};
    const ExportChoice choice{GetParam().format, GetParam().type};
    EXPECT_TRUE(CheckExportable(model, choice).ok());
    return WriteExported(model, choice, folder_ / "exported");
  }

  TemporaryDirectory folder_;
};

TEST_P(ForeignModelTest, Exported_IsReadBack_BitForBit) {
  for (const Tokenizer& tokenizer : {Tokenizer::Bytes(), SmallBpe()}) {
    for (const ModelShape& shape : ExportedShapes(tokenizer.vocabulary())) {
      const Parameters parameters = SomeWeights(shape);
      const Result<ForeignModel> model = OpenForeignModel(Written(parameters, tokenizer));
      ASSERT_TRUE(model.ok()) << model.status().message();
      EXPECT_EQ(model->shape(), shape) << DescribeShape(model->shape());
      EXPECT_EQ(model->tokenizer.hash(), tokenizer.hash());
      EXPECT_TRUE(model->notes.empty());
      const Parameters read = ParametersOf(model->stored);
      for (const TensorInfo& info : read.layout().tensors()) {
        const TensorType type = info.is_norm() ? TensorType::kF32 : MatrixType(GetParam().type, info.columns);
        std::vector<float> expected(info.size());
        DecodeRows(RowsOf(parameters, info, type), expected);
        EXPECT_EQ(std::memcmp(expected.data(), read.tensor(info).data(), info.size() * sizeof(float)), 0) << info.name;
        EXPECT_EQ(model->stored.tensors[info.index].type, type) << info.name;
      }
    }
  }
}

// The model's own file keeps the numbers, in the types that they came in.
TEST_P(ForeignModelTest, Imported_IsAModelOfOurs) {
  const Tokenizer tokenizer = SmallBpe();
  const Parameters parameters = SomeWeights(ExportedShapes(tokenizer.vocabulary())[1]);
  const Result<ForeignModel> model = OpenForeignModel(Written(parameters, tokenizer));
  ASSERT_TRUE(model.ok()) << model.status().message();
  PosixFileSystem files;
  const std::string imported = folder_ / "imported";
  ASSERT_TRUE(WriteFileGroup(files, imported, ImportedFiles(*model), IfThere::kRefuse).ok());
  Parameters read(parameters.shape());
  ASSERT_TRUE(ReadModel(imported + "/model.safetensors", read).ok());
  EXPECT_EQ(WeightHash(read), WeightHash(model->stored));
  const Result<Tokenizer> loaded = LoadTokenizer(imported);
  ASSERT_TRUE(loaded.ok()) << loaded.status().message();
  EXPECT_EQ(loaded->hash(), tokenizer.hash());
  const uint64_t bytes = std::filesystem::file_size(imported + "/model.safetensors");
  EXPECT_LT(bytes, ModelFile(parameters, GetParam().type).bytes + 8192);
}

TEST_P(ForeignModelTest, ChatTemplate_IsOursOrNoted) {
  const Tokenizer tokenizer = SmallBpe();
  const Parameters parameters = SomeWeights(ExportedShapes(tokenizer.vocabulary())[0]);
  const ChatTemplate other{.id = "other", .jinja = "{{ messages[0].content }}"};
  for (const ChatTemplate* chat : {&kPlainChat, &other}) {
    const ExportedModel exported{parameters, tokenizer, "name", "Made for a test.", chat};
    const Result<ForeignModel> model =
        OpenForeignModel(WriteExported(exported, {GetParam().format, GetParam().type}, folder_ / "exported"));
    ASSERT_TRUE(model.ok()) << model.status().message();
    EXPECT_EQ(model->chat, chat == &other ? nullptr : chat);
    EXPECT_EQ(model->notes.size(), chat == &other ? 1u : 0u);
    const std::vector<CheckpointFile> files = ImportedFiles(*model);
    EXPECT_EQ(files.front().name == "chat_template.json", chat != &other);
    EXPECT_EQ(files.back().name, "model.safetensors");
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, ForeignModelTest, testing::ValuesIn(kCases), [](const auto& tested) {
  return std::string(tested.param.format == ExportFormat::kGguf ? "Gguf" : "HuggingFace") +
         std::string(NameOf(tested.param.type)).substr(0, 2) + std::to_string(tested.index);
});

}  // namespace
}  // namespace cllm
