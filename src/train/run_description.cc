#include "train/run_description.h"

#include "base/system.h"
#include "kernels/simd.h"

namespace cllm {
namespace {

const char* PrecisionName(Precision precision) { return precision == Precision::kBf16 ? "bf16" : "fp32"; }

ShapeValue ValueOf(const Dimension& dimension, const ModelShape& shape) {
  return {std::string(dimension.name),
          std::visit([&](const auto at) { return decltype(ShapeValue::value)(shape.*at.value); }, dimension.place)};
}

}  // namespace

RunDescription Describe(const Session& session, double peak_gflops) {
  const StepOptions& options = session.plan.step;
  const Spheres& spheres = *session.spheres;
  RunDescription run;
  run.step = session.state.step;
  run.total_steps = session.ExpectedSteps();
  run.parameters = session.step->parameters().layout().parameters();
  for (const Dimension& dimension : Dimensions()) run.shape.push_back(ValueOf(dimension, session.shape()));
  run.batch = options.batch;
  run.item = options.item;
  run.optimizer = NameOf(options.optimizer.kind);
  run.rate = options.optimizer.matrix_rate;
  run.embedding_rate = options.optimizer.embedding_rate;
  run.lambda = session.plan.lambda;
  run.seed = options.seed;
  run.precision = PrecisionName(options.precision);
  run.simd = SimdName();
  run.processor = ProcessorName();
  run.workers = spheres.leaves();
  run.cache_domains = spheres.cache_domains();
  run.ranks = session.team.rank().count;
  run.peak_gflops = peak_gflops;
  run.corpus = session.corpus.name();
  run.training_tokens = session.corpus.training().size();
  run.validation_tokens = session.corpus.validation().size();
  run.scored_training_tokens = session.corpus.part(CorpusPart::kTraining).scored_tokens;
  run.scored_validation_tokens = session.corpus.part(CorpusPart::kValidation).scored_tokens;
  run.epochs =
      session.TokensPerStep() * static_cast<double>(run.total_steps) / static_cast<double>(run.training_tokens);
  run.numerics = kNumerics;
  return run;
}

}  // namespace cllm
