#include "model/stored_model.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "base/testing/temporary_directory.h"
#include "model/model_file.h"
#include "store/file_group.h"

namespace cllm {
namespace {

constexpr ModelShape kStoredShape{.layers = 2, .heads = 2, .width = 24, .hidden = 70, .context = 8, .vocabulary = 50,
                            .kv_heads = 1, .untied = true};

class StoredModelTest : public testing::Test {
 protected:
  StoredModelTest() : values_(kStoredShape) { InitializeParameters(3, values_); }

  std::string Written(TensorType type) {
    PosixFileSystem files;
    const std::string directory = root_ / std::string(NameOf(type));
    EXPECT_TRUE(WriteFileGroup(files, directory, {ModelFile(values_, type)}, IfThere::kReplace).ok());
    return directory + "/" + kModelFileName;
  }

  TemporaryDirectory root_;
  Parameters values_;
};

TEST_F(StoredModelTest, InMemory_HasTheNumbersAndTheirHash) {
  Parameters copy(kStoredShape);
  ReadInto(StoredInMemory(ParametersOf(StoredInMemory([&] {
             Parameters same(kStoredShape);
             std::memcpy(same.data(), values_.data(), same.layout().size() * sizeof(float));
             return same;
           }()))),
           copy);
  EXPECT_EQ(WeightHash(copy), WeightHash(values_));
  EXPECT_EQ(WeightHash(StoredInMemory(std::move(copy))), WeightHash(values_));
}

// A model in a file is the one that was read from it, of whatever type its numbers are.
TEST_F(StoredModelTest, InAFile_IsTheModelThatIsRead) {
  for (const TensorType type : {TensorType::kF32, TensorType::kF16, TensorType::kBF16, TensorType::kQ8_0}) {
    const std::string path = Written(type);
    Parameters read(kStoredShape);
    ASSERT_TRUE(ReadModel(path, read).ok());
    Result<StoredModel> stored = OpenModelFile(path);
    ASSERT_TRUE(stored.ok()) << stored.status().message();
    EXPECT_EQ(stored->shape, kStoredShape);
    const StoredModel moved = *std::move(stored);
    EXPECT_EQ(WeightHash(moved), WeightHash(read)) << NameOf(type);
    EXPECT_EQ(moved.tensors[read.layout().head().index].type, type);
    EXPECT_EQ(moved.tensors[read.layout().final_norm().index].type, TensorType::kF32);
  }
}

TEST_F(StoredModelTest, CheckFinite_NamesTensorAndRow) {
  EXPECT_TRUE(CheckFinite(StoredInMemory(ParametersOf(StoredInMemory(Parameters(kStoredShape)))), "x").ok());
  for (const float wrong : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    Parameters values(kStoredShape);
    const TensorInfo& down = values.layout().down(1);
    values.tensor(down)[down.columns + 3] = wrong;
    const Status status = CheckFinite(StoredInMemory(std::move(values)), "book.gguf");
    EXPECT_EQ(status.code(), Code::kBadInput);
    EXPECT_EQ(status.message(), "book.gguf: what becomes layers.1.down has a number that is not finite in row 1");
  }
}

}  // namespace
}  // namespace cllm
