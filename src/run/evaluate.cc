#include "run/evaluate.h"

#include <fmt/format.h>

#include <memory>

#include "model/context.h"
#include "model/transformer.h"
#include "monitor/phase.h"
#include "run/resources.h"
#include "run/text_preparation.h"
#include "spheres/per_leaf.h"
#include "spheres/spheres.h"

namespace cllm {

Result<TextEvaluation> EvaluateText(const Weights& weights, const Tokenizer& tokenizer,
                                    const CorpusOptions& text, const EvaluateOptions& options, RunObserver& observer) {
  const size_t threads = options.threads != 0 ? options.threads : UsableCores();
  CLLM_ASSIGN(const PreparedCorpus corpus, PrepareForEvaluation(text, tokenizer, threads, observer));
  const size_t context = weights.shape().context, stride = options.stride.value_or(context);
  if (stride == 0 || stride > context) {
    return Usage(fmt::format("`stride` is {}, expected at most the model's context of {}", stride, context));
  }
  const TokenLattice& lattice = tokenizer.lattice();
  const Transformer transformer(weights, {lattice.root_class(), lattice.form_class()});
  CLLM_ASSIGN(const auto spheres, Spheres::Start({.leaves = options.threads}));
  CLLM_ASSIGN(const auto contexts, PerLeaf<TrainingContext>::Make(*spheres, [&](const Leaf&) {
                return std::make_unique<TrainingContext>(weights.shape(), 1);
              }));
  const PartStatistics& part = corpus.part(CorpusPart::kValidation);
  const EvaluatedText evaluated = EvaluatedText::Of(corpus);
  const Validation validation(evaluated, tokenizer, context, stride);
  if (validation.windows() == 0) {
    return BadInput(fmt::format("{}: expected an answer of the assistant in the dialogues, found none", corpus.name()));
  }
  Phase phase(observer, "evaluating");
  CLLM_ASSIGN(const EvaluationResult result, validation.Run(*spheres, contexts, transformer, validation.windows(),
                                                            [&](double share) { phase.Done(share); }));
  TextEvaluation text_evaluation{.result = result, .bytes = evaluated.bytes};
  if (!evaluated.scored.all()) {
    text_evaluation.tokens_of_dialogues = part.tokens;
    text_evaluation.bytes_of_dialogues = part.bytes;
  }
  return text_evaluation;
}

}  // namespace cllm
