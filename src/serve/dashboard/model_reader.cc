#include "serve/dashboard/model_reader.h"

#include <fmt/format.h>

#include <utility>

#include "base/path.h"
#include "base/system.h"
#include "base/units.h"
#include "model/model_file.h"
#include "run/open_model.h"

namespace cllm {
namespace {

constexpr uint64_t kMemoryShare = 2;  // of what is available, that a model may take

// A training beside it must not run out of memory for the sake of a look.
Status CheckMemory(const std::string& checkpoint) {
  CLLM_ASSIGN(const ModelShape shape, ReadModelShape(JoinPath(checkpoint, kModelFileName)));
  const Weights::Sizes sizes = Weights::SizesForReading(shape, Storage::kF32);
  const uint64_t needed = sizes.values + sizes.panels;
  const uint64_t available = ReadMachineMemory().available;
  if (needed <= available / kMemoryShare) return {};
  return NoResources(fmt::format("the model needs {} of memory, and of the {} that are left half is kept for others",
                                 FormatBytes(needed), FormatBytes(available)));
}

}  // namespace

Result<std::shared_ptr<const ModelReader::Model>> ModelReader::Open(const RunSource& run) {
  if (run.checkpoint.empty()) return BadInput(fmt::format("the run '{}' has no checkpoint that is whole", run.name));
  if (model_ && model_->checkpoint == run.checkpoint && model_->saved == run.saved) return model_;
  CLLM_TRY(CheckMemory(run.checkpoint));
  CLLM_ASSIGN(OpenedModel opened, OpenModel(run.checkpoint));
  model_ = nullptr;
  model_ = std::make_shared<const Model>(
      Model{run.checkpoint, run.saved, Weights(std::move(opened.stored), Storage::kF32), std::move(opened.tokenizer)});
  return model_;
}

Result<Generated> ModelReader::Continue(const RunSource& run, const Prompt& prompt,
                                        const std::function<bool(const GeneratedToken& token)>& each) {
  CLLM_ASSIGN(const std::shared_ptr<const Model> model, Open(run));
  return Generate(model->weights, model->tokenizer, prompt.text, prompt.options, each);
}

Result<std::shared_ptr<ModelReader::Search>> ModelReader::BeginSearch(const RunSource& run) {
  CLLM_ASSIGN(const std::shared_ptr<const Model> model, Open(run));
  CLLM_ASSIGN(RunTokens tokens, RunTokens::Open(run));
  if (!tokens.corpus) return BadInput(tokens.missing);
  if (tokens.tokenizer.vocabulary() != model->weights.shape().vocabulary) {
    return BadInput(fmt::format("the model of the run '{}' has other tokens than its text", run.name));
  }
  auto search = std::make_shared<Search>();
  search->step_ = run.step;
  search->model_ = model;
  search->tokens_ = std::make_unique<RunTokens>(std::move(tokens));
  search->losses_.emplace(model->weights, *search->tokens_);
  return search;
}

Result<bool> ModelReader::Search::Step() {
  if (!losses_->done()) CLLM_TRY(losses_->Step());
  return losses_->done();
}

}  // namespace cllm
