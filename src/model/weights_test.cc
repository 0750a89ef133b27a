#include "model/weights.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

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

TEST_P(WeightsOf, AModelThatIsOnlyRead_KeepsNormsInF32) {
  const Parameters values = Initial(GetParam());
  const Weights weights(Initial(GetParam()), Storage::kF32);
  const ParameterLayout& layout = weights.layout();
  for (const TensorInfo* info : {&layout.attention_norm(1), &layout.final_norm()}) {
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
TEST_P(WeightsOf, Embedding_IsLookedUp_AsItIsStored) {
  for (const Storage storage : {Storage::kF32, Storage::kBf16, Storage::kQ8}) {
    Parameters values = Initial(GetParam());
    const TensorInfo& embedding = values.layout().embedding();
    const Weights weights(Initial(GetParam()), storage);
    RoundWeights(values.tensor(embedding).data(), embedding.rows, embedding.columns, storage);
    std::vector<uint32_t> tokens;
    for (uint32_t token = 0; token < embedding.rows; ++token) tokens.push_back(token);
    std::vector<float> found(embedding.size());
    weights.LookUp(tokens, found.data());
    EXPECT_EQ(std::memcmp(found.data(), values.tensor(embedding).data(), found.size() * sizeof(float)), 0);
    weights.LookUp(std::vector<uint32_t>{49, 3}, found.data());
    EXPECT_EQ(found[1], values.tensor(embedding)[49 * embedding.columns + 1]);
  }
}

// More rows than are packed at once, and a last part that fills no panel.
TEST(Weights, PackedInParts_AreThoseOfTheWhole) {
  const ModelShape shape{.layers = 1, .heads = 2, .width = 64, .hidden = 700, .context = 8, .vocabulary = 531};
  for (const Storage storage : {Storage::kF32, Storage::kBf16, Storage::kQ8}) {
    const Parameters values = Initial(shape);
    const Weights weights(Initial(shape), storage);
    for (const TensorInfo* info : {&values.layout().gate_up(0), &values.layout().down(0), &values.layout().head()}) {
      AlignedBuffer<float> expected(PackedSize(info->columns, info->rows, storage));
      PackColumns(values.tensor(*info).data(), info->columns, info->columns, info->rows, expected.data(), storage);
      const Panels panels = weights.forward(*info);
      EXPECT_EQ(std::memcmp(panels.data, expected.data(), expected.size() * sizeof(float)), 0) << info->name;
    }
  }
}

TEST_P(WeightsOf, Sizes_AreThoseOfTheBuffers) {
  const auto f32 = Weights::SizesForReading(GetParam(), Storage::kF32);
  const auto q8 = Weights::SizesForReading(GetParam(), Storage::kQ8);
  const auto training = Weights::SizesForTraining(GetParam(), Precision::kFp32);
  EXPECT_EQ(f32.values == q8.values, !GetParam().untied);
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
