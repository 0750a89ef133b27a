#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "measure/generation_bench.h"
#include "measure/kernel.h"
#include "measure/kernels_bench.h"
#include "measure/products.h"
#include "measure/row_kernels.h"
#include "measure/scaling_bench.h"
#include "measure/scaling_tables.h"
#include "measure/training_bench.h"
#include "model/weights.h"

namespace cllm::measure {
namespace {

using testing::HasSubstr;

// A model that takes no time.
Configuration Tiny() {
  return {"tiny", {.layers = 1, .heads = 1, .width = 8, .hidden = 8, .context = 8, .vocabulary = 30}, 8};
}

const JsonValue& Cell(const Findings& findings, size_t row, std::string_view key) {
  static std::vector<JsonArray> kept;  // the rows that cells are returned from
  const JsonArray& rows = kept.emplace_back(findings.table.Rows());
  for (const JsonField& field : std::get<JsonFields>(rows[row].content())) {
    if (field.name == key) return field.value;
  }
  ADD_FAILURE() << "no column " << key;
  return kept.front().front();
}
double Number(const Findings& findings, size_t row, std::string_view key) {
  return std::get<double>(Cell(findings, row, key).content());
}

TEST(Kernels, EveryOne_HasTheResultOfItsTwin) {
  auto specs = RowKernels();
  for (auto& spec : Products()) specs.push_back(std::move(spec));
  EXPECT_GT(specs.size(), 40u);
  for (const KernelSpec& spec : specs) {
    const auto kernel = spec.make();
    const Status status = kernel->Check();
    EXPECT_TRUE(status.ok()) << spec.name << ": " << status.message();
    EXPECT_GT(kernel->bytes(), 0) << spec.name;
  }
}

TEST(BenchKernels, UnknownName_IsAUsageError) {
  EXPECT_EQ(BenchKernels({.part = "no such kernel"}).status().code(), Code::kUsage);
}

TEST(BenchKernels, OneKernel_IsARowWithARate) {
  const auto findings = BenchKernels({.part = "exact accumulation", .rounds = 5});
  ASSERT_TRUE(findings.ok());
  ASSERT_EQ(findings->table.Rows().size(), 1u);
  EXPECT_GT(Number(*findings, 0, "rate"), 0);
}

TEST(BenchTraining, EveryCombination_IsARow) {
  const auto findings = BenchTraining({.configurations = {Tiny()},
                                       .precisions = {"fp32"},
                                       .optimizers = {"adamw", "muon"},
                                       .threads = {1, 3},
                                       .seconds = 0.05});
  ASSERT_TRUE(findings.ok()) << findings.status().message();
  ASSERT_EQ(findings->table.Rows().size(), 4u);
  for (size_t row = 0; row < 4; ++row) {
    EXPECT_GT(Number(*findings, row, "tokens_per_s"), 0);
    EXPECT_LE(Number(*findings, row, "items_ms"), Number(*findings, row, "step_ms"));
  }
}

TEST(BenchTraining, UnknownPrecision_IsAUsageError) {
  const auto findings = BenchTraining(
      {.configurations = {Tiny()}, .precisions = {"fp7"}, .optimizers = {"adamw"}, .threads = {1}, .seconds = 0.05});
  EXPECT_EQ(findings.status().code(), Code::kUsage);
}

TEST(BenchScaling, AnyNumbersOfThreads_HaveOneHash) {
  const auto result = MeasureScaling({.configuration = Tiny(),
                                      .precision = "fp32",
                                      .optimizer = "muon",
                                      .threads = {1, 2, 5},
                                      .steps = 5,
                                      .learn_steps = 0});
  ASSERT_TRUE(result.ok()) << result.status().message();
  EXPECT_THAT(result->failures, testing::IsEmpty());
  const Findings findings = ScalingFindings(*result);
  EXPECT_EQ(findings.table.Rows().size(), 3u);
  EXPECT_EQ(findings.facts.front().name, "weights_xxh3");
  EXPECT_EQ(std::get<std::string>(findings.facts.front().value.content()).size(), 32u);
  EXPECT_DOUBLE_EQ(Number(findings, 0, "speed_up"), 1);
}

TEST(BenchGeneration, EveryWeightFormat_IsARow) {
  const auto findings =
      BenchGeneration({.configurations = {Tiny()}, .weights = StorageNames(), .tokens = 100, .rounds = 5});
  ASSERT_TRUE(findings.ok()) << findings.status().message();
  for (size_t row = 0; row < StorageNames().size(); ++row) {
    EXPECT_GT(Number(*findings, row, "tokens_per_s"), 0);
    EXPECT_GT(Number(*findings, row, "allowed_tokens_per_s"), 0);
  }
  EXPECT_GT(Number(*findings, 0, "mb_per_step"), Number(*findings, 1, "mb_per_step"));
}

TEST(BenchGeneration, SequencesAndThreads_AreRows) {
  const auto findings = BenchGeneration({.configurations = {Tiny()},
                                         .weights = {"f32"},
                                         .sequences = {1, 3},
                                         .threads = {1, 2},
                                         .tokens = 8,
                                         .rounds = 5});
  ASSERT_TRUE(findings.ok()) << findings.status().message();
  ASSERT_EQ(findings->table.Rows().size(), 4u);
  const auto whole = [&](std::string_view key) { return std::get<uint64_t>(Cell(*findings, 3, key).content()); };
  EXPECT_EQ(whole("sequences"), 3u);
  EXPECT_EQ(whole("threads"), 2u);
  EXPECT_GT(Number(*findings, 3, "tokens_per_s"), 0);
}

}  // namespace
}  // namespace cllm::measure
