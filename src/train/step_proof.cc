#include "train/step_proof.h"

#include <cstdint>
#include <vector>

#include "train/untrained.h"

namespace cllm {
namespace {

constexpr uint64_t kSteps = 3;
constexpr size_t kClasses = 5;

}  // namespace

Result<std::string> StepProof(Precision precision) {
  // Every kernel of a training has a part: grouped heads, dropout, both optimizers, tails of all vector widths.
  const ModelShape shape{
      .layers = 2, .heads = 4, .width = 40, .hidden = 104, .context = 24, .vocabulary = 259, .kv_heads = 2};
  StepOptions options;
  options.batch = 4;
  options.dropout = 0.1f;
  options.precision = precision;
  std::vector<int32_t> classes(shape.vocabulary);
  for (size_t v = 0; v < classes.size(); ++v) classes[v] = static_cast<int32_t>(v % kClasses);
  CLLM_ASSIGN(const auto spheres, Spheres::Start({.leaves = 1}));
  CLLM_ASSIGN(const auto step, UntrainedStep(shape, options, {classes, classes}, *spheres));
  const SequenceReader read = RandomTokens(shape.vocabulary);
  for (uint64_t i = 0; i < kSteps; ++i) CLLM_TRY(step->Run(i, read));
  return WeightHash(step->parameters());
}

}  // namespace cllm
