#include "train/trial.h"

#include "base/random.h"

namespace cllm {

Result<std::unique_ptr<ExactStep>> UntrainedStep(const RunConfig& config, size_t vocabulary, const LossClasses& classes,
                                                 Spheres& spheres) {
  CLLM_ASSIGN(const ModelShape shape, config.Shape(vocabulary));
  CLLM_ASSIGN(auto step, ExactStep::Create(shape, config.Step(), classes, spheres));
  CLLM_TRY(step->InitializeWeights(config.seed));
  return step;
}

SequenceReader RandomTokens(size_t vocabulary) {
  return [vocabulary](uint64_t sequence, std::span<uint32_t> out) -> Status {
    for (size_t t = 0; t < out.size(); ++t) out[t] = static_cast<uint32_t>(RandomBits(sequence, t) % vocabulary);
    return {};
  };
}

}  // namespace cllm
