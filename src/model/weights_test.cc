#include "model/weights.h"

#include <gtest/gtest.h>

#include <cstring>

namespace cllm {
namespace {

constexpr ModelShape kTied{.layers = 2, .heads = 2, .width = 32, .hidden = 40, .context = 8, .vocabulary = 50};
constexpr ModelShape kUntied{.layers = 2, .heads = 2, .width = 32, .hidden = 40, .context = 8, .vocabulary = 50,
                             .kv_heads = 1, .head_dim = 24, .untied = true};

Parameters Initial(const ModelShape& shape) {
  Parameters values(shape);
  InitializeParameters(3, values);
  return values;
}

class WeightsOf : public testing::TestWithParam<ModelShape> {};
INSTANTIATE_TEST_SUITE_P(Shapes, WeightsOf, testing::Values(kTied, kUntied));

TEST_P(WeightsOf, AModelThatIsOnlyRead_KeepsEmbeddingAndNormsInF32) {
  const Parameters values = Initial(GetParam());
  const Weights weights(Initial(GetParam()), Storage::kF32);
  const ParameterLayout& layout = weights.layout();
  for (const TensorInfo* info : {&layout.embedding(), &layout.attention_norm(1), &layout.final_norm()}) {
    EXPECT_EQ(std::memcmp(weights.values(*info), values.tensor(*info).data(), info->size() * sizeof(float)), 0)
        << info->name;
  }
}

TEST_P(WeightsOf, BothKindsOfModel_HaveTheSamePanelsInF32) {
  Weights trained(GetParam(), Precision::kFp32);
  trained.parameters() = Initial(GetParam());
  trained.PackAll();
  const Weights read(Initial(GetParam()), Storage::kF32);
  for (const TensorInfo* info : {&trained.layout().query_key_value(1), &trained.layout().head()}) {
    const Panels a = trained.forward(*info), b = read.forward(read.layout().tensors()[info->index]);
    EXPECT_EQ(a.columns, info->rows);
    EXPECT_EQ(std::memcmp(a.data, b.data, PackedSize(info->columns, info->rows) * sizeof(float)), 0) << info->name;
  }
}

// The embedding of a tied model is looked up and multiplied with: both see the rounded numbers.
TEST_P(WeightsOf, RoundedStorage_RoundsTheEmbeddingToo) {
  Parameters values = Initial(GetParam());
  const TensorInfo& embedding = values.layout().embedding();
  const Weights weights(Initial(GetParam()), Storage::kBf16);
  RoundWeights(values.tensor(embedding).data(), embedding.rows, embedding.columns, Storage::kBf16);
  EXPECT_EQ(std::memcmp(weights.values(weights.layout().embedding()), values.tensor(embedding).data(),
                        embedding.size() * sizeof(float)),
            0);
}

TEST_P(WeightsOf, Sizes_AreThoseOfTheBuffers) {
  const auto f32 = Weights::SizesForReading(GetParam(), Storage::kF32);
  const auto q8 = Weights::SizesForReading(GetParam(), Storage::kQ8);
  const auto training = Weights::SizesForTraining(GetParam(), Precision::kFp32);
  EXPECT_EQ(f32.values, q8.values);
  EXPECT_LT(q8.panels, f32.panels / 2);
  EXPECT_LT(f32.values, training.values);
  EXPECT_EQ(training.values, ParameterLayout(GetParam()).size() * sizeof(float));
}

TEST(StorageNamed, KnowsItsNames) {
  for (const std::string& name : StorageNames()) EXPECT_TRUE(StorageNamed(name).ok()) << name;
  EXPECT_EQ(StorageNamed("q4").status().message(), "weights is 'q4', expected f32, bf16, q8_0");
}

}  // namespace
}  // namespace cllm
