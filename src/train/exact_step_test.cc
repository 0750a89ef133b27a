#include "train/exact_step.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "model/testing/golden_case.h"
#include "train/testing/step_fixture.h"

// Ten steps against an independent implementation in double precision (tools/golden/golden.py).
namespace cllm {
namespace {

using golden::Json;

constexpr double kLossTolerance = 1e-5;       // relative, of losses and gradient norms: the requirement
constexpr double kParameterTolerance = 1e-6;  // of the parameters after ten updates

void ExpectRelative(double found, double expected, double tolerance, const std::string& what) {
  EXPECT_NEAR(found, expected, tolerance * std::abs(expected)) << what;
}

// Follows one golden file through ExactStep.
class TrainGolden : public testing::TestWithParam<std::string> {
 protected:
  const Json json_ = golden::Load("train_" + GetParam());
  const golden::Case case_{json_};

  double PeakRate(const std::string& tensor) const {
    const auto found = std::find_if(json_["tensors"].begin(), json_["tensors"].end(),
                                    [&](const Json& entry) { return entry["name"] == tensor; });
    return (*found)["peak_rate"];
  }
  StepOptions Options(size_t item) const {
    StepOptions options;
    options.batch = case_.batch;
    options.item = item;
    options.lambda = static_cast<float>(case_.lambda);
    options.optimizer.kind = GetParam().ends_with("muon") ? OptimizerKind::kMuon : OptimizerKind::kAdamW;
    options.optimizer.embedding_rate = PeakRate("embedding");
    options.optimizer.norm_rate = PeakRate("final_norm");
    options.optimizer.matrix_rate = PeakRate("layers.0.down");
    const Json& settings = json_["settings"];
    options.schedule.segments = {{.end = settings["total_steps"], .warmup = settings["warmup_steps"]}};
    return options;
  }
  StepOnSpheres Start(size_t item, size_t leaves) const {
    auto step = StartStep(case_.config, Options(item), case_.classes(), {.leaves = leaves});
    CHECK(step.ok());
    step->ChangeWeights([&](Parameters& weights) { case_.CopyTo(weights); });
    return *std::move(step);
  }
  Result<StepResult> Run(ExactStep& step, uint64_t index) const {
    return step.Run(index, [&](uint64_t sequence, std::span<uint32_t> out) -> Status {
      const Json& row = json_["batches"][sequence / case_.batch][sequence % case_.batch];
      CHECK(row.size() == out.size());
      std::copy(row.begin(), row.end(), out.begin());
      return {};
    });
  }
  void ExpectFigures(const StepResult& found, const Json& expected) {
    ExpectRelative(found.scores.token, expected["token"], kLossTolerance, "token");
    ExpectRelative(found.scores.root, expected["root"], kLossTolerance, "root");
    ExpectRelative(found.scores.form, expected["form"], kLossTolerance, "form");
    ExpectRelative(found.scores.Total(static_cast<float>(case_.lambda)), expected["total"], kLossTolerance,
                   "total");
    ExpectRelative(found.gradient_norm, expected["grad_norm"], kLossTolerance, "grad_norm");
    const OptimizerOptions optimizer = Options(1).optimizer;
    ExpectRelative(found.rate_factor * optimizer.embedding_rate, expected["rate_adamw"], 1e-12, "rate of AdamW");
    if (optimizer.kind == OptimizerKind::kMuon) {
      ExpectRelative(found.rate_factor * optimizer.matrix_rate, expected["rate_muon"], 1e-12, "rate of Muon");
    }
    worst_loss_ = std::max({worst_loss_, std::abs(found.scores.token / expected["token"].get<double>() - 1),
                            std::abs(found.scores.form / expected["form"].get<double>() - 1)});
    worst_norm_ = std::max(worst_norm_, std::abs(found.gradient_norm / expected["grad_norm"].get<double>() - 1));
  }
  void ExpectFinalParameters(const Parameters& parameters) {
    const auto& tensors = parameters.layout().tensors();
    ASSERT_EQ(json_["final_parameters"].size(), tensors.size());
    for (size_t i = 0; i < tensors.size(); ++i) {
      const Json& expected = json_["final_parameters"][i];
      const auto floats = parameters.tensor(tensors[i]);
      const std::vector<double> found(floats.begin(), floats.end());
      const double norm = expected["norm"], mean = norm / std::sqrt(static_cast<double>(found.size()));
      ExpectRelative(golden::Norm(found), norm, kParameterTolerance, tensors[i].name);
      EXPECT_NEAR(golden::Projection(i, found), expected["projection"], kParameterTolerance * norm) << tensors[i].name;
      for (size_t j = 0; j < expected["first"].size(); ++j) {
        const double error = std::abs(found[j] - expected["first"][j].get<double>()) / mean;
        EXPECT_LT(error, 5 * kParameterTolerance) << tensors[i].name << " element " << j;
        worst_element_ = std::max(worst_element_, error);
      }
    }
  }

  double worst_loss_ = 0, worst_norm_ = 0, worst_element_ = 0;
};

TEST_P(TrainGolden, TenSteps_LossesNormsRatesAndParametersAgree) {
  ASSERT_EQ(json_["steps"].size(), 10u);
  const auto step = Start(1, 3);
  for (uint64_t index = 0; index < 10; ++index) {
    SCOPED_TRACE("step " + std::to_string(index));
    const Result<StepResult> found = Run(*step, index);
    ASSERT_TRUE(found.ok()) << found.status().message();
    EXPECT_EQ(found->scores.positions, case_.batch * case_.config.context);
    ExpectFigures(*found, json_["steps"][index]);
  }
  ExpectFinalParameters(step->parameters());
  RecordProperty("worst_loss", std::to_string(1e6 * worst_loss_) + "e-6");
  RecordProperty("worst_gradient_norm", std::to_string(1e6 * worst_norm_) + "e-6");
  RecordProperty("worst_element", std::to_string(1e6 * worst_element_) + "e-6");
}

// Items of several sequences, the last one shorter: the same figures.
TEST_P(TrainGolden, ItemsOfThreeSequences_Agree) {
  const auto step = Start(3, 2);
  for (uint64_t index = 0; index < 3; ++index) {
    const Result<StepResult> found = Run(*step, index);
    ASSERT_TRUE(found.ok()) << found.status().message();
    ExpectFigures(*found, json_["steps"][index]);
  }
}

// The control: a rate that is off by a thousandth shows after ten steps.
TEST_P(TrainGolden, WrongRate_MovesTheParametersBeyondTheTolerance) {
  const auto right = Start(1, 1), wrong = Start(1, 1);
  wrong->SetRateScale(1.001);
  for (uint64_t index = 0; index < 10; ++index) {
    ASSERT_TRUE(Run(*right, index).ok());
    ASSERT_TRUE(Run(*wrong, index).ok());
  }
  const TensorInfo& norm = right->parameters().layout().final_norm();
  double difference = 0;
  for (size_t j = 0; j < norm.size(); ++j) {
    difference = std::max<double>(difference,
                                  std::abs(right->parameters().tensor(norm)[j] - wrong->parameters().tensor(norm)[j]));
  }
  EXPECT_GT(difference, kParameterTolerance);
}

INSTANTIATE_TEST_SUITE_P(ExactStep, TrainGolden,
                         testing::Values("bytes_adamw", "bytes_muon", "bpe_adamw", "bpe_muon", "grouped_adamw",
                                         "grouped_muon"),
                         [](const auto& kind) { return kind.param; });

}  // namespace
}  // namespace cllm
