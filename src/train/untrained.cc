#include "train/untrained.h"

#include "base/random.h"

namespace cllm {
namespace {

constexpr uint64_t kMostSteps = 1'000'000;  // more than any measurement takes

}  // namespace

Result<std::unique_ptr<ExactStep>> UntrainedStep(const ModelShape& shape, StepOptions options,
                                                 const LossClasses& classes, Spheres& spheres) {
  options.schedule.segments = {{.begin = 0, .end = kMostSteps}};
  CLLM_ASSIGN(auto step, ExactStep::Create(shape, options, classes, spheres));
  CLLM_TRY(step->InitializeWeights(options.seed));
  return step;
}

SequenceReader RandomTokens(size_t vocabulary) {
  return [vocabulary](uint64_t sequence, std::span<uint32_t> out) -> Status {
    for (size_t t = 0; t < out.size(); ++t) out[t] = static_cast<uint32_t>(RandomBits(sequence, t) % vocabulary);
    return {};
  };
}

}  // namespace cllm
