#include "train/trial.h"

#include <utility>

#include "base/random.h"

namespace cllm {

Result<std::unique_ptr<ExactStep>> UntrainedStep(const RunConfig& config, size_t vocabulary, const LossClasses& classes,
                                                 size_t threads) {
  const ModelConfig model = config.Model(vocabulary);
  CLLM_TRY(Validate(model));
  SpheresOptions spheres;
  spheres.leaves = threads;
  CLLM_ASSIGN(auto step, ExactStep::Create(model, config.Step(), classes, std::move(spheres)));
  InitializeParameters(config.seed, model.layers, step->parameters());
  CLLM_TRY(step->Repack());
  return step;
}

SequenceReader RandomTokens(size_t vocabulary) {
  return [vocabulary](uint64_t sequence, std::span<uint32_t> out) -> Status {
    for (size_t t = 0; t < out.size(); ++t) out[t] = static_cast<uint32_t>(RandomBits(sequence, t) % vocabulary);
    return {};
  };
}

}  // namespace cllm
