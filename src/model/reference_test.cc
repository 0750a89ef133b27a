#include "model/testing/reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "model/testing/golden_case.h"

// The oracle against golden numbers of tools/golden/golden.py (PyTorch, double precision), whose docstring defines the
// fields and formulas.
namespace cllm::reference {
namespace {

using golden::Case;
using golden::Flatten;
using golden::Json;
using golden::Load;
using golden::SignedUnit;
using Values = std::vector<double>;

constexpr double kTolerance = 1e-12;  // relative; both sides compute in double

LossParts LossAt(const Case& golden, const Values& point, const std::vector<uint32_t>& tokens) {
  return Loss(golden.config, point, tokens, golden.batch, golden.root_class, golden.form_class, golden.lambda);
}

LossParts LossOf(const Case& golden, const std::vector<uint32_t>& tokens) {
  return LossAt(golden, golden.parameters, tokens);
}

void ExpectRelative(double found, double expected, const std::string& what) {
  EXPECT_NEAR(found, expected, kTolerance * std::abs(expected)) << what;
}

void ExpectLosses(const LossParts& found, const Json& expected) {
  ExpectRelative(found.token, expected["token"], "token");
  ExpectRelative(found.root, expected["root"], "root");
  ExpectRelative(found.form, expected["form"], "form");
  ExpectRelative(found.total, expected["total"], "total");
}

class ForwardGolden : public testing::TestWithParam<std::string> {
 protected:
  const Json json_ = Load("forward_" + GetParam());
  const Case case_{json_};
  const std::vector<uint32_t> tokens_ = Flatten(json_["tokens"]);
};

// Rows of each part of a tensor; the file has a number where all parts are alike.
std::vector<size_t> PartsOf(const Json& tensor) {
  const Json& parts = tensor["parts"];
  if (parts.is_array()) return parts;
  return std::vector<size_t>(parts.get<size_t>(), tensor["rows"].get<size_t>() / parts.get<size_t>());
}

TEST_P(ForwardGolden, TensorsAreThoseOfTheLayout) {
  const ParameterLayout layout(case_.config);
  ASSERT_EQ(json_["tensors"].size(), layout.tensors().size());
  for (size_t i = 0; i < layout.tensors().size(); ++i) {
    const TensorInfo& info = layout.tensors()[i];
    const Json& expected = json_["tensors"][i];
    EXPECT_EQ(expected["name"], info.name);
    EXPECT_EQ(expected["rows"], info.rows) << info.name;
    EXPECT_EQ(expected["columns"], info.columns) << info.name;
    EXPECT_EQ(PartsOf(expected), info.parts) << info.name;
    for (size_t j = 0; j < expected["first"].size(); ++j) {
      EXPECT_EQ(expected["first"][j], case_.parameters[info.offset + j]) << info.name << " element " << j;
    }
  }
}

TEST_P(ForwardGolden, LossesAgree) { ExpectLosses(LossOf(case_, tokens_), json_["losses"]); }

TEST_P(ForwardGolden, LogitsOfFirstSequenceAgree) {
  const std::span<const uint32_t> inputs = std::span(tokens_).first(case_.config.context);
  const Values logits = Logits(case_.config, case_.parameters, inputs);
  ASSERT_EQ(logits.size(), case_.config.context * case_.config.vocabulary);
  ASSERT_EQ(json_["logits_of_first_sequence"].size(), case_.config.context);
  for (const Json& expected : json_["logits_of_first_sequence"]) {
    const size_t start = expected["position"].get<size_t>() * case_.config.vocabulary;
    double squares = 0.0, projection = 0.0;
    for (size_t v = 0; v < case_.config.vocabulary; ++v) {
      squares += logits[start + v] * logits[start + v];
      projection += logits[start + v] * SignedUnit(2000, v);
    }
    const double norm = expected["norm"];
    ExpectRelative(std::sqrt(squares), norm, "norm");
    EXPECT_NEAR(projection, expected["projection"], kTolerance * norm);
    for (size_t v = 0; v < expected["first"].size(); ++v) {
      EXPECT_NEAR(logits[start + v], expected["first"][v], kTolerance * norm) << "token " << v;
    }
  }
}

// The slope of the loss along a direction that moves every element of one tensor, by central differences of order 4,
// is the projection of PyTorch's analytic gradient.
TEST_P(ForwardGolden, FiniteDifferencesAgreeWithGradients) {
  const ParameterLayout layout(case_.config);
  ASSERT_EQ(json_["gradients"].size(), layout.tensors().size());
  for (size_t i = 0; i < layout.tensors().size(); ++i) {
    const TensorInfo& info = layout.tensors()[i];
    const auto total_at = [&](double step) {
      Values moved = case_.parameters;
      for (size_t j = 0; j < info.size(); ++j) moved[info.offset + j] += step * SignedUnit(2000 + i, j);
      return LossAt(case_, moved, tokens_).total;
    };
    const double h = 2e-4;
    const double slope = (8 * (total_at(h) - total_at(-h)) - (total_at(2 * h) - total_at(-2 * h))) / (12 * h);
    const Json& expected = json_["gradients"][i];
    EXPECT_NEAR(slope, expected["projection"], 1e-8 * expected["norm"].get<double>()) << info.name;
  }
}

// What the loss must be on partitions whose answer is known without any model.
TEST_P(ForwardGolden, ClassOfEverythingCostsNothingAndClassOfOneIsTheToken) {
  const size_t vocabulary = case_.config.vocabulary;
  const std::vector<int32_t> together(vocabulary, 7);
  std::vector<int32_t> apart(vocabulary);
  for (size_t v = 0; v < vocabulary; ++v) apart[v] = static_cast<int32_t>(v);
  const LossParts parts = Loss(case_.config, case_.parameters, tokens_, case_.batch, together, apart, 0.25);
  EXPECT_NEAR(parts.root, 0.0, 1e-12);
  ExpectRelative(parts.form, parts.token, "form");
  ExpectRelative(parts.total, 1.25 * parts.token, "total");
}

TEST_P(ForwardGolden, LaterTokensDoNotChangeEarlierLogits) {
  std::vector<uint32_t> inputs(tokens_.begin(), tokens_.begin() + static_cast<ptrdiff_t>(case_.config.context));
  const Values before = Logits(case_.config, case_.parameters, inputs);
  inputs.back() = (inputs.back() + 1) % static_cast<uint32_t>(case_.config.vocabulary);
  const Values after = Logits(case_.config, case_.parameters, inputs);
  const auto last = before.end() - static_cast<ptrdiff_t>(case_.config.vocabulary);
  EXPECT_EQ(std::mismatch(before.begin(), before.end(), after.begin()).first, last);
}

INSTANTIATE_TEST_SUITE_P(Reference, ForwardGolden, testing::Values("bytes", "bpe", "grouped"),
                         [](const auto& parameter) { return parameter.param; });

class TrainGolden : public testing::TestWithParam<std::string> {};

TEST_P(TrainGolden, LossesBeforeTheFirstUpdateAgree) {
  const Json json = Load("train_" + GetParam());
  ASSERT_EQ(json["steps"].size(), 10u);
  ASSERT_EQ(json["batches"].size(), 10u);
  ExpectLosses(LossOf(Case(json), Flatten(json["batches"][0])), json["steps"][0]);
}

// The control: with the parameters of step 0 the later steps' losses must not come out.
TEST_P(TrainGolden, LossesAfterUpdatesDiffer) {
  const Json json = Load("train_" + GetParam());
  const double expected = json["steps"][9]["total"];
  const double found = LossOf(Case(json), Flatten(json["batches"][9])).total;
  EXPECT_GT(std::abs(found - expected), 1e-5 * expected);
}

INSTANTIATE_TEST_SUITE_P(Reference, TrainGolden,
                         testing::Values("bytes_adamw", "bytes_muon", "bpe_adamw", "bpe_muon", "grouped_adamw",
                                         "grouped_muon"),
                         [](const auto& parameter) { return parameter.param; });

}  // namespace
}  // namespace cllm::reference
