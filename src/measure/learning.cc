#include "measure/learning.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/random.h"
#include "data/token_view.h"
#include "math/scalar.h"
#include "measure/configurations.h"
#include "spheres/spheres.h"
#include "text/tokenizer.h"
#include "train/exact_step.h"
#include "train/validation.h"

namespace cllm::measure {
namespace {

constexpr uint64_t kSeed = 1;
constexpr size_t kEvaluatedWindows = 256;  // of the part that is held back, at most

ModelShape SmallModel() {
  return {.layers = 2, .heads = 2, .width = 64, .hidden = 176, .context = 32, .vocabulary = kByteVocabulary};
}

// The rates of a planned run (run/planner.cc), warmed up in a tenth of the steps.
Result<StepOptions> OptionsOf(const LearningTask& task) {
  CLLM_ASSIGN(StepOptions options, StepOf({"learning", SmallModel(), task.batch}, {task.precision, task.optimizer, 1}));
  options.seed = kSeed;
  options.optimizer.matrix_rate = options.optimizer.kind == OptimizerKind::kMuon ? 0.01 : 6e-3;
  options.optimizer.embedding_rate = 0.01;
  options.schedule.segments = {{.begin = 0, .end = task.steps, .warmup = std::max<size_t>(1, task.steps / 10)}};
  return options;
}

// A text as single bytes, cut into what is trained on and what is held back.
class ByteText {
 public:
  explicit ByteText(std::string_view text) {
    for (const char c : text) tokens_.push_back(static_cast<uint16_t>(kFirstByteId + static_cast<uint8_t>(c)));
    training_ = tokens_.size() - tokens_.size() / 10;
  }

  // Any window of the training part, a function of the sequence alone.
  SequenceReader Reader() const {
    return [this](uint64_t sequence, std::span<uint32_t> out) -> Status {
      const size_t begin = static_cast<size_t>(RandomBits(kSeed, sequence) % (training_ - out.size() + 1));
      std::copy_n(tokens_.begin() + static_cast<std::ptrdiff_t>(begin), out.size(), out.begin());
      return {};
    };
  }
  TokenView held_back() const {
    return {tokens_.data() + training_, sizeof(uint16_t), tokens_.size() - training_, kByteVocabulary};
  }

 private:
  std::vector<uint16_t> tokens_;
  size_t training_ = 0;
};

}  // namespace

double UnigramEntropy(std::string_view text) {
  std::array<uint64_t, 256> counts{};
  for (const char c : text) ++counts[static_cast<uint8_t>(c)];
  double nats = 0;
  for (const uint64_t count : counts) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / static_cast<double>(text.size());
    nats -= share * math::Log(share);
  }
  return nats;
}

uint64_t CountNotFinite(std::span<const float> numbers) {
  return static_cast<uint64_t>(std::count_if(numbers.begin(), numbers.end(), [](float x) {
    return math::IsNan(static_cast<double>(x)) || math::IsInf(static_cast<double>(x));
  }));
}

Result<LearningResult> Learn(const LearningTask& task, size_t threads) {
  if (task.text.size() < kLeastLearnedBytes) {
    return BadInput(fmt::format("the text has {} bytes, expected at least {}", task.text.size(), kLeastLearnedBytes));
  }
  const ByteText text(task.text.substr(0, kMostLearnedBytes));
  const Tokenizer tokenizer = Tokenizer::Bytes();
  const LossClasses classes{tokenizer.lattice().root_class(), tokenizer.lattice().form_class()};
  CLLM_ASSIGN(const StepOptions options, OptionsOf(task));
  CLLM_ASSIGN(const auto spheres, Spheres::Start({.leaves = threads}));
  CLLM_ASSIGN(const auto step, ExactStep::Create(SmallModel(), options, classes, *spheres));
  CLLM_TRY(step->InitializeWeights(kSeed));
  const size_t context = step->shape().context;
  const Validation validation({.tokens = text.held_back(), .bytes = text.held_back().size()}, tokenizer, context,
                              context);
  LearningResult result;
  const SequenceReader read = text.Reader();
  for (size_t s = 0; s <= task.steps; ++s) {
    if (s % std::max<size_t>(1, task.steps / 10) == 0 || s == task.steps) {
      CLLM_ASSIGN(const EvaluationResult now,
                  validation.Run(*spheres, step->contexts(), step->transformer(), kEvaluatedWindows));
      result.points.push_back({s, now.scores.token});
    }
    if (s == task.steps) break;
    CLLM_ASSIGN(const StepResult trained, step->Run(s, read));
    result.training_loss = trained.scores.token;
  }
  const Parameters& weights = step->parameters();
  result.not_finite = CountNotFinite({weights.data(), weights.layout().size()});
  result.weights_hash = WeightHash(weights);
  return result;
}

}  // namespace cllm::measure
