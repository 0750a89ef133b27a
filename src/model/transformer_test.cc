#include "model/transformer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "model/testing/golden_case.h"
#include "model/testing/reference.h"
#include "model/testing/one_worker_model.h"

// The model in float against the double-precision oracle and against PyTorch's gradients.
namespace cllm {
namespace {

using golden::SignedUnit;

using Values = std::vector<double>;

// A model shape with what a training step of it needs.
struct Problem {
  std::string name;
  ModelShape config;
  size_t batch, item;  // sequences
  double lambda;
  bool sub_words;  // many tokens a root, several forms; else pairs of letters, two forms

  std::vector<int32_t> RootClass() const {
    std::vector<int32_t> classes(config.vocabulary);
    const size_t pair = config.vocabulary / 3;
    for (size_t v = 0; v < classes.size(); ++v) {
      const bool second = v >= 2 * pair;
      classes[v] = static_cast<int32_t>(sub_words ? v % (config.vocabulary / 4) : second ? v - pair : v);
    }
    return classes;
  }
  std::vector<int32_t> FormClass() const {
    std::vector<int32_t> classes(config.vocabulary);
    for (size_t v = 0; v < classes.size(); ++v) {
      classes[v] = static_cast<int32_t>(sub_words ? v / 3 % 7 : v >= 2 * (config.vocabulary / 3) ? 1 : 0);
    }
    return classes;
  }
  std::vector<uint32_t> Tokens() const {
    std::vector<uint32_t> tokens(batch * (config.context + 1));
    for (size_t i = 0; i < tokens.size(); ++i) tokens[i] = static_cast<uint32_t>(RandomBits(5, i) % config.vocabulary);
    return tokens;
  }
  // Large enough that softmax and activations are far from linear. Every value is a float's.
  Values Parameters() const {
    const ParameterLayout layout(config);
    Values parameters(layout.size());
    for (size_t i = 0; i < layout.tensors().size(); ++i) {
      const TensorInfo& info = layout.tensors()[i];
      const bool norm = info.role == TensorRole::kNorm;
      for (size_t j = 0; j < info.size(); ++j) {
        parameters[info.offset + j] = static_cast<float>((norm ? 1.0 : 0.0) + 0.3 * SignedUnit(300 + i, j));
      }
    }
    return parameters;
  }
};

// Hidden widths that are no multiple of a hidden block; more positions than a block of the loss or of queries; tensors
// of several tiles; items of several sequences and a last one that is shorter.
const Problem kProblems[] = {
    {"bytes", {.layers = 2, .heads = 2, .width = 24, .hidden = 40, .context = 11, .vocabulary = 67}, 3, 2, 0.1, false},
    {"bpe", {.layers = 2, .heads = 3, .width = 24, .hidden = 136, .context = 9, .vocabulary = 130}, 3, 2, 0.5, true},
    {"long", {.layers = 1, .heads = 1, .width = 8, .hidden = 24, .context = 101, .vocabulary = 40}, 1, 1, 0.3, true},
    {"wide", {.layers = 1, .heads = 5, .width = 160, .hidden = 300, .context = 5, .vocabulary = 300}, 2, 1, 0.3, true},
    // Four query heads to two of keys and values, wider together than the residual stream, and a head of its own.
    {"grouped",
     {.layers = 2, .heads = 4, .width = 32, .hidden = 40, .context = 11, .vocabulary = 67, .kv_heads = 2,
      .head_dim = 24, .untied = true, .rope_base = 50000, .norm_eps = 1e-3},
     3, 2, 0.2, true},
    // One key/value head for all queries, narrower together than the residual stream.
    {"multi_query",
     {.layers = 1, .heads = 3, .width = 40, .hidden = 24, .context = 53, .vocabulary = 50, .kv_heads = 1,
      .head_dim = 6},
     2, 1, 0.3, true},
    // Rotary frequencies that are slow, fast and between.
    {"stretched",
     {.layers = 1, .heads = 1, .width = 24, .hidden = 24, .context = 53, .vocabulary = 50, .rope_factor = 8,
      .rope_original = 64},
     2, 1, 0.3, true},
};

class Gradients : public testing::TestWithParam<Problem> {
 protected:
  double ReferenceLoss(const Values& parameters) const {
    const Problem& p = GetParam();
    return reference::Loss(p.config, parameters, tokens_, p.batch, root_, form_, p.lambda).total;
  }
  // Slope of the oracle's loss along `direction` of one tensor, by central differences of order 4.
  template <typename Direction>
  double ReferenceSlope(const TensorInfo& info, const Direction& direction) const {
    const auto at = [&](double step) {
      Values moved = parameters_;
      for (size_t j = 0; j < info.size(); ++j) moved[info.offset + j] += step * direction(j);
      return ReferenceLoss(moved);
    };
    constexpr double h = 5e-4;
    return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
  }
  OneWorkerModel::Outcome Train(size_t item) {
    OneWorkerModel trainee(GetParam().config, {root_, form_}, item);
    trainee.Set(parameters_);
    return trainee.Train(tokens_, static_cast<float>(GetParam().lambda));
  }
  double TensorNorm(const OneWorkerModel::Outcome& outcome, const TensorInfo& info) const {
    return golden::Norm(std::span(outcome.gradient).subspan(info.offset, info.size()));
  }

  const std::vector<int32_t> root_ = GetParam().RootClass(), form_ = GetParam().FormClass();
  const std::vector<uint32_t> tokens_ = GetParam().Tokens();
  const Values parameters_ = GetParam().Parameters();
  const ParameterLayout layout_{GetParam().config};
};

TEST_P(Gradients, LossesAgreeWithTheOracle) {
  const Problem& p = GetParam();
  const auto expected = reference::Loss(p.config, parameters_, tokens_, p.batch, root_, form_, p.lambda);
  const OneWorkerModel::Outcome found = Train(p.item);
  const double n = static_cast<double>(found.sums.positions);
  EXPECT_EQ(found.sums.positions, p.batch * p.config.context);
  EXPECT_TRUE(found.sums.finite && found.in_range);
  EXPECT_NEAR(LossSums::Nats(found.sums.token) / n, expected.token, 1e-6 * expected.token);
  EXPECT_NEAR(LossSums::Nats(found.sums.root) / n, expected.root, 1e-6 * expected.token);
  EXPECT_NEAR(LossSums::Nats(found.sums.form) / n, expected.form, 1e-6 * expected.token);
}

// One direction moves every element of the tensor.
TEST_P(Gradients, DirectionInEveryTensor_IsTheOraclesSlope) {
  const OneWorkerModel::Outcome outcome = Train(GetParam().item);
  double worst = 0;
  for (size_t i = 0; i < layout_.tensors().size(); ++i) {
    const TensorInfo& info = layout_.tensors()[i];
    const auto direction = [&](size_t j) { return SignedUnit(2000 + i, j); };
    double slope = 0;
    for (size_t j = 0; j < info.size(); ++j) slope += outcome.gradient[info.offset + j] * direction(j);
    const double norm = TensorNorm(outcome, info), error = std::abs(slope - ReferenceSlope(info, direction)) / norm;
    EXPECT_LT(error, 2e-5) << info.name;
    worst = std::max(worst, error);
  }
  RecordProperty("worst_relative_error", std::to_string(1e6 * worst) + "e-6");
}

TEST_P(Gradients, ElementsOfEveryTensor_AreTheOraclesSlopes) {
  const OneWorkerModel::Outcome outcome = Train(GetParam().item);
  double worst = 0;
  for (size_t i = 0; i < layout_.tensors().size(); ++i) {
    const TensorInfo& info = layout_.tensors()[i];
    // Relative to the root mean square of the tensor's gradient.
    const double scale = TensorNorm(outcome, info) / std::sqrt(static_cast<double>(info.size()));
    for (size_t sample = 0; sample < 6; ++sample) {
      const size_t element = sample == 0 ? info.size() - 1 : RandomBits(40 + i, sample) % info.size();
      const double expected = ReferenceSlope(info, [&](size_t j) { return j == element ? 1.0 : 0.0; });
      const double error = std::abs(outcome.gradient[info.offset + element] - expected) / scale;
      EXPECT_LT(error, 2e-5) << info.name << " element " << element;
      worst = std::max(worst, error);
    }
  }
  RecordProperty("worst_relative_error", std::to_string(1e6 * worst) + "e-6");
}

// Rows of a batch do not see each other: the losses have equal bits, and the gradients differ by rounding alone.
TEST_P(Gradients, ItemsOfAnySize_GiveTheSameLossBitsAndGradient) {
  const OneWorkerModel::Outcome one = Train(1), all = Train(GetParam().batch);
  EXPECT_EQ(one.sums.token, all.sums.token);
  EXPECT_EQ(one.sums.root, all.sums.root);
  EXPECT_EQ(one.sums.form, all.sums.form);
  for (const TensorInfo& info : layout_.tensors()) {
    const double scale = TensorNorm(one, info) / std::sqrt(static_cast<double>(info.size()));
    for (size_t j = info.offset; j < info.offset + info.size(); ++j) {
      ASSERT_NEAR(one.gradient[j], all.gradient[j], 2e-5 * scale) << info.name << " element " << j - info.offset;
    }
  }
}

TEST_P(Gradients, Repeated_SameBits) { EXPECT_EQ(Train(GetParam().item).fixed, Train(GetParam().item).fixed); }

// Context alone is read and attended to, and pulls the weights only through what is scored after it.
TEST_P(Gradients, WithMaskedPositions_AreTheOraclesSlopes) {
  const Problem& p = GetParam();
  std::vector<bool> masked(p.batch * p.config.context);
  for (size_t i = 0; i < masked.size(); ++i) masked[i] = RandomBits(77, i / 2) % 2 == 0;
  masked.back() = false;
  const auto loss_at = [&](const Values& parameters) {
    return reference::Loss(p.config, parameters, tokens_, p.batch, root_, form_, p.lambda, masked);
  };
  OneWorkerModel trainee(p.config, {root_, form_}, p.item);
  trainee.Set(parameters_);
  const OneWorkerModel::Outcome found = trainee.Train(tokens_, static_cast<float>(p.lambda), {}, masked);
  const auto expected = loss_at(parameters_);
  const double n = static_cast<double>(found.sums.positions);
  EXPECT_EQ(found.sums.positions, static_cast<size_t>(std::count(masked.begin(), masked.end(), false)));
  EXPECT_NEAR(LossSums::Nats(found.sums.token) / n, expected.token, 1e-6 * expected.token);
  EXPECT_NEAR(LossSums::Nats(found.sums.form) / n, expected.form, 1e-6 * expected.token);
  for (size_t i = 0; i < layout_.tensors().size(); ++i) {
    const TensorInfo& info = layout_.tensors()[i];
    const auto at = [&](double step) {
      Values moved = parameters_;
      for (size_t j = 0; j < info.size(); ++j) moved[info.offset + j] += step * SignedUnit(2000 + i, j);
      return loss_at(moved).total;
    };
    constexpr double h = 5e-4;
    const double expected_slope = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
    double slope = 0;
    for (size_t j = 0; j < info.size(); ++j) slope += found.gradient[info.offset + j] * SignedUnit(2000 + i, j);
    EXPECT_LT(std::abs(slope - expected_slope) / TensorNorm(found, info), 2e-5) << info.name;
  }
}

TEST_P(Gradients, PaddingBetweenTensorsGetsNone) {
  const OneWorkerModel::Outcome outcome = Train(GetParam().item);
  std::vector<bool> owned(layout_.size(), false);
  for (const TensorInfo& info : layout_.tensors()) {
    std::fill_n(owned.begin() + static_cast<ptrdiff_t>(info.offset), info.size(), true);
  }
  for (size_t j = 0; j < owned.size(); ++j) EXPECT_TRUE(owned[j] || outcome.fixed[j] == 0) << j;
}

TEST_P(Gradients, Evaluate_SumsOfTheCountedPositions_AreThoseOfTraining) {
  const size_t length = GetParam().config.context;
  const std::vector<uint32_t> first(tokens_.begin(), tokens_.begin() + static_cast<ptrdiff_t>(length + 1));
  OneWorkerModel trainee(GetParam().config, {root_, form_}, 1);
  trainee.Set(parameters_);
  const LossSums trained = trainee.Train(first, 0.1f).sums, whole = trainee.Evaluate(first, length, 0);
  EXPECT_EQ(whole.token, trained.token);
  EXPECT_EQ(whole.root, trained.root);
  EXPECT_EQ(whole.form, trained.form);
  EXPECT_EQ(whole.positions, length);
  const LossSums head = trainee.Evaluate(first, length - 1, 0), tail = trainee.Evaluate(first, length, length - 1);
  EXPECT_EQ(head.token + tail.token, whole.token);
  EXPECT_EQ(head.positions, length - 1);
  EXPECT_EQ(tail.positions, 1u);
}

INSTANTIATE_TEST_SUITE_P(Transformer, Gradients, testing::ValuesIn(kProblems),
                         [](const auto& problem) { return problem.param.name; });

class GoldenGradients : public testing::TestWithParam<std::string> {
 protected:
  const golden::Json json_ = golden::Load("forward_" + GetParam());
  const golden::Case case_{json_};
  const std::vector<uint32_t> tokens_ = golden::Flatten(json_["tokens"]);
};

TEST_P(GoldenGradients, EveryTensorAgreesWithPyTorch) {
  OneWorkerModel trainee(case_.config, case_.classes(), 3);
  trainee.Set(case_.parameters);
  const OneWorkerModel::Outcome outcome = trainee.Train(tokens_, static_cast<float>(case_.lambda));
  EXPECT_NEAR(outcome.Loss(case_.lambda), json_["losses"]["total"], 1e-6 * json_["losses"]["total"].get<double>());
  double worst = 0;
  for (size_t i = 0; i < trainee.layout().tensors().size(); ++i) {
    const TensorInfo& info = trainee.layout().tensors()[i];
    const auto gradient = std::span<const double>(outcome.gradient).subspan(info.offset, info.size());
    const golden::Json& expected = json_["gradients"][i];
    const double norm = expected["norm"], mean = norm / std::sqrt(static_cast<double>(info.size()));
    EXPECT_NEAR(golden::Norm(gradient), norm, 1e-5 * norm) << info.name;
    EXPECT_NEAR(golden::Projection(i, gradient), expected["projection"], 1e-5 * norm) << info.name;
    for (size_t j = 0; j < expected["first"].size(); ++j) {
      EXPECT_NEAR(gradient[j], expected["first"][j], 2e-5 * mean) << info.name << " element " << j;
    }
    worst = std::max(worst, std::abs(golden::Projection(i, gradient) - expected["projection"].get<double>()) / norm);
  }
  RecordProperty("worst_relative_error", std::to_string(1e6 * worst) + "e-6");
}

INSTANTIATE_TEST_SUITE_P(Transformer, GoldenGradients, testing::Values("bytes", "bpe", "grouped"),
                         [](const auto& kind) { return kind.param; });

// In bf16 each factor is off by 2^-9 at most, here and there in both directions: a tensor's gradient keeps its length
// and direction, and is not the one in float.
TEST(Bf16, Gradients_AreNearThoseInFloat) {
  const golden::Json json = golden::Load("forward_bpe");
  const golden::Case model(json);
  const std::vector<uint32_t> tokens = golden::Flatten(json["tokens"]);
  const auto train = [&](Precision precision) {
    OneWorkerModel trainee(model.config, model.classes(), 3, precision);
    trainee.Set(model.parameters);
    return trainee.Train(tokens, static_cast<float>(model.lambda));
  };
  const OneWorkerModel::Outcome exact = train(Precision::kFp32), found = train(Precision::kBf16);
  EXPECT_NEAR(found.Loss(model.lambda), exact.Loss(model.lambda), 0.01 * exact.Loss(model.lambda));
  const ParameterLayout layout(model.config);
  for (const TensorInfo& info : layout.tensors()) {
    std::vector<double> difference;
    for (size_t j = info.offset; j < info.offset + info.size(); ++j) {
      difference.push_back(found.gradient[j] - exact.gradient[j]);
    }
    const double relative =
        golden::Norm(difference) / golden::Norm(std::span(exact.gradient).subspan(info.offset, info.size()));
    EXPECT_LT(relative, 0.03) << info.name;
    EXPECT_GT(relative, 1e-4) << info.name;
  }
}

// Dropout has no double twin: for a fixed key the loss is a smooth function of the weights, whose slopes along the
// gradient of each tensor are measured in float.
class DroppedActivations : public testing::Test {
 protected:
  static constexpr DropoutMask kMasks{.rate = 0.25f, .key = 77};

  DroppedActivations() { trainee_.Set(case_.parameters); }
  OneWorkerModel::Outcome Train(const DropoutMask& dropout) {
    return trainee_.Train(tokens_, static_cast<float>(case_.lambda), dropout);
  }
  // The loss's slope along the unit vector of `gradient` within one tensor, masks of `dropout`.
  double Slope(const TensorInfo& info, const Values& gradient, double norm, const DropoutMask& dropout) {
    const auto at = [&](double step) {
      Values moved = case_.parameters;
      for (size_t j = info.offset; j < info.offset + info.size(); ++j) moved[j] += step * gradient[j] / norm;
      trainee_.Set(moved);
      return Train(dropout).Loss(case_.lambda);
    };
    const double h = 0.01 / norm;
    const double slope = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
    trainee_.Set(case_.parameters);
    return slope;
  }
  // The largest relative difference over tensors between gradients under kMasks and slopes under `dropout`.
  double WorstError(const DropoutMask& dropout) {
    const Values gradient = Train(kMasks).gradient;
    double worst = 0;
    for (const TensorInfo& info : trainee_.layout().tensors()) {
      const double norm = golden::Norm(std::span(gradient).subspan(info.offset, info.size()));
      worst = std::max(worst, std::abs(Slope(info, gradient, norm, dropout) / norm - 1));
    }
    return worst;
  }

  const golden::Json json_ = golden::Load("forward_bpe");
  const golden::Case case_{json_};
  const std::vector<uint32_t> tokens_ = golden::Flatten(json_["tokens"]);
  OneWorkerModel trainee_{case_.config, case_.classes(), 4};
};

TEST_F(DroppedActivations, Gradients_AreTheSlopesUnderTheSameMasks) { EXPECT_LT(WorstError(kMasks), 1e-3); }

// The control: other masks are another function.
TEST_F(DroppedActivations, Gradients_AreNotTheSlopesUnderOtherMasks) {
  EXPECT_GT(WorstError({.rate = 0.25f, .key = 78}), 1e-2);
}

TEST_F(DroppedActivations, MasksAreAFunctionOfTheKey) {
  const OneWorkerModel::Outcome masked = Train(kMasks), other = Train({.rate = 0.25f, .key = 78});
  EXPECT_EQ(masked.fixed, Train(kMasks).fixed);
  EXPECT_NE(masked.fixed, other.fixed);
  EXPECT_NE(masked.sums.token, Train({}).sums.token);
}

TEST_F(DroppedActivations, RateZero_IsNoDropoutWhateverTheKey) {
  EXPECT_EQ(Train({.rate = 0, .key = 1}).fixed, Train({.rate = 0, .key = 2}).fixed);
}

}  // namespace
}  // namespace cllm
