#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/random.h"
#include "kernels/loss_row.h"
#include "lattice/primes.h"
#include "lattice/token_lattice.h"
#include "model/testing/one_worker_model.h"

// One token's code changes: loss and gradient change in the tokens that gain or lose a shared root or form, and in no
// other way than the formula of design section 4 says, here computed in double from the codes by their definition.
namespace cllm {
namespace {

using Codes = std::vector<uint64_t>;

constexpr size_t kRoots = 7, kVocabulary = 30;
constexpr size_t kChanged = 8;  // the token whose code changes
constexpr float kLambda = 0.3f;

// The prime of root k, from 1.
uint64_t RootPrime(size_t k) { return FirstPrimes(kFirstRoot + k).back(); }

// Token v has root v % 7 and one of five forms.
Codes BaseCodes() {
  constexpr uint64_t kForms[] = {1, 2, 3, 2 * 3, 7};
  Codes codes;
  for (size_t v = 0; v < kVocabulary; ++v) codes.push_back(RootPrime(v % kRoots + 1) * kForms[v / 2 % 5]);
  return codes;
}

uint64_t Root(uint64_t code) {
  for (size_t k = 1;; ++k) {
    if (code % RootPrime(k) == 0) return RootPrime(k);
  }
}

bool SharesRoot(const Codes& codes, size_t v, size_t t) { return std::gcd(codes[v], codes[t]) % Root(codes[t]) == 0; }

bool SharesForm(const Codes& codes, size_t v, size_t t) {
  return codes[v] / Root(codes[v]) == codes[t] / Root(codes[t]);
}

TokenLattice Lattice(const Codes& codes) {
  LatticeParts parts{.codes = codes, .suffixes = {"ing"}};
  for (size_t k = 0; k < kRoots; ++k) parts.roots.push_back("root" + std::to_string(k));
  auto lattice = TokenLattice::FromParts(std::move(parts));
  CHECK(lattice.ok());
  return *std::move(lattice);
}

std::vector<float> Logits() {
  std::vector<float> logits(kVocabulary);
  for (size_t v = 0; v < kVocabulary; ++v) logits[v] = 6 * UnitFloat(RandomBits(11, v)) - 3;
  return logits;
}

// Scores and gradient of one position.
struct Row {
  LossScores scores;
  std::vector<float> gradient = Logits();

  Row(const TokenLattice& lattice, size_t target, float lambda) {
    scores = LossRow(gradient.data(), lattice.root_class().data(), lattice.form_class().data(), kVocabulary,
                     target, lambda, 1.0f);
  }
};

// The formula, in double, straight from the codes.
struct Formula {
  double token, root, form;
  std::vector<double> gradient;

  Formula(const Codes& codes, size_t t, double lambda) : gradient(kVocabulary) {
    const std::vector<float> logits = Logits();
    std::vector<double> p(kVocabulary);
    double sum = 0, a = 0, b = 0;
    for (size_t v = 0; v < kVocabulary; ++v) sum += std::exp(static_cast<double>(logits[v]));
    for (size_t v = 0; v < kVocabulary; ++v) {
      p[v] = std::exp(static_cast<double>(logits[v])) / sum;
      if (SharesRoot(codes, v, t)) a += p[v];
      if (SharesForm(codes, v, t)) b += p[v];
    }
    token = -std::log(p[t]), root = -std::log(a), form = -std::log(b);
    for (size_t v = 0; v < kVocabulary; ++v) {
      gradient[v] = (1 + 2 * lambda) * p[v] - (v == t) -
                    lambda * p[v] * (SharesRoot(codes, v, t) / a + SharesForm(codes, v, t) / b);
    }
  }
};

struct Change {
  const char* name;
  uint64_t code;
};

class CodeChange : public testing::TestWithParam<Change> {
 protected:
  Codes Changed() const {
    Codes codes = BaseCodes();
    codes[kChanged] = GetParam().code;
    return codes;
  }
  // A token enters or leaves the target's root or form.
  bool Affected(size_t t) const {
    for (size_t v = 0; v < kVocabulary; ++v) {
      if (SharesRoot(before_, v, t) != SharesRoot(after_, v, t)) return true;
      if (SharesForm(before_, v, t) != SharesForm(after_, v, t)) return true;
    }
    return false;
  }
  // The token's share of a changed class's sum: before, afterwards or both.
  bool InChangedClass(size_t v, size_t t) const {
    bool root = false, form = false;
    for (size_t u = 0; u < kVocabulary; ++u) {
      root |= SharesRoot(before_, u, t) != SharesRoot(after_, u, t);
      form |= SharesForm(before_, u, t) != SharesForm(after_, u, t);
    }
    return (root && (SharesRoot(before_, v, t) || SharesRoot(after_, v, t))) ||
           (form && (SharesForm(before_, v, t) || SharesForm(after_, v, t)));
  }

  const Codes before_ = BaseCodes(), after_ = Changed();
  const TokenLattice old_ = Lattice(before_), new_ = Lattice(after_);
};

TEST_P(CodeChange, ScoresAndGradientsOfEveryTarget_AreTheFormulaOfTheCodes) {
  for (size_t t = 0; t < kVocabulary; ++t) {
    const Row row(new_, t, kLambda);
    const Formula formula(after_, t, static_cast<double>(kLambda));
    EXPECT_NEAR(row.scores.token, formula.token, 2e-6) << t;
    EXPECT_NEAR(row.scores.root, formula.root, 2e-6) << t;
    EXPECT_NEAR(row.scores.form, formula.form, 2e-6) << t;
    for (size_t v = 0; v < kVocabulary; ++v) EXPECT_NEAR(row.gradient[v], formula.gradient[v], 1e-6) << t << ' ' << v;
  }
}

TEST_P(CodeChange, TargetsWhoseClassesStay_KeepEveryBit) {
  size_t unaffected = 0;
  for (size_t t = 0; t < kVocabulary; ++t) {
    if (Affected(t)) continue;
    ++unaffected;
    const Row was(old_, t, kLambda), is(new_, t, kLambda);
    EXPECT_EQ(was.gradient, is.gradient) << t;
    EXPECT_EQ(was.scores.token, is.scores.token) << t;
    EXPECT_EQ(was.scores.root, is.scores.root) << t;
    EXPECT_EQ(was.scores.form, is.scores.form) << t;
  }
  EXPECT_GT(unaffected, 0u);
  EXPECT_LT(unaffected, kVocabulary);
}

TEST_P(CodeChange, TargetsWhoseClassesChange_ChangeInThoseClassesAlone) {
  for (size_t t = 0; t < kVocabulary; ++t) {
    if (!Affected(t)) continue;
    const Row was(old_, t, kLambda), is(new_, t, kLambda);
    const Formula expected_was(before_, t, static_cast<double>(kLambda));
    const Formula expected_is(after_, t, static_cast<double>(kLambda));
    EXPECT_EQ(was.scores.token, is.scores.token) << t;
    EXPECT_TRUE(was.scores.root != is.scores.root || was.scores.form != is.scores.form) << t;
    for (size_t v = 0; v < kVocabulary; ++v) {
      if (InChangedClass(v, t)) {
        EXPECT_NE(was.gradient[v], is.gradient[v]) << t << ' ' << v;
        EXPECT_NEAR(is.gradient[v] - was.gradient[v], expected_is.gradient[v] - expected_was.gradient[v], 1e-6);
      } else {
        EXPECT_EQ(was.gradient[v], is.gradient[v]) << t << ' ' << v;
      }
    }
  }
}

TEST_P(CodeChange, LambdaZero_ChangesNoGradient) {
  for (size_t t = 0; t < kVocabulary; ++t) EXPECT_EQ(Row(old_, t, 0).gradient, Row(new_, t, 0).gradient) << t;
}

// The same through the whole model: what a batch's targets do not see changes no bit of any tensor's gradient.
TEST_P(CodeChange, GradientOfTheModel_ChangesOnlyIfATargetIsAffected) {
  const ModelShape config{.layers = 1, .heads = 2, .width = 16, .hidden = 24, .context = 8, .vocabulary = kVocabulary};
  const auto gradient = [&](const TokenLattice& lattice, bool affected, float lambda) {
    OneWorkerModel trainee(config, {lattice.root_class(), lattice.form_class()}, 1);
    InitializeParameters(3, trainee.parameters());
    const float* weights = trainee.parameters().data();
    trainee.Set({weights, weights + trainee.layout().size()});
    std::vector<uint32_t> tokens;
    for (uint32_t v = 0; tokens.size() < config.context + 1; v = static_cast<uint32_t>((v + 1) % kVocabulary)) {
      if (Affected(v) == affected) tokens.push_back(v);
    }
    return trainee.Train(tokens, lambda).fixed;
  };
  EXPECT_EQ(gradient(old_, false, kLambda), gradient(new_, false, kLambda));
  EXPECT_NE(gradient(old_, true, kLambda), gradient(new_, true, kLambda));
  EXPECT_EQ(gradient(old_, true, 0), gradient(new_, true, 0));
}

// Token 8 has root 1 and the form of prime 7.
INSTANTIATE_TEST_SUITE_P(Losses, CodeChange,
                         testing::Values(Change{.name = "root", .code = RootPrime(4) * 7},
                                         Change{.name = "form", .code = RootPrime(2) * 2 * 3},
                                         Change{.name = "both", .code = RootPrime(6) * 2}),
                         [](const auto& change) { return change.param.name; });

}  // namespace
}  // namespace cllm
