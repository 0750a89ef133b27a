#include "serve/dashboard/model_reader.h"

#include <fmt/format.h>

#include <utility>

#include "base/path.h"
#include "base/system.h"
#include "base/units.h"
#include "model/model_file.h"
#include "run/open_model.h"
#include "store/checkpoint.h"
#include "store/file_system.h"

namespace cllm {
namespace {

constexpr uint64_t kMemoryShare = 2;  // of what is available, that a model may take
constexpr int kAttempts = 5;          // to read the newest checkpoint, where a training removes old ones meanwhile

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
  Status opened = Read(run.checkpoint, run.step, run.saved);
  // A training that saves often may have removed it since the run was looked at: then the newest that is there now.
  PosixFileSystem files;
  const Checkpoints checkpoints(files, run.path);
  uint64_t tried = run.step;
  for (int attempt = 1; !opened.ok() && attempt < kAttempts; ++attempt) {
    const Result<FoundCheckpoint> newest = checkpoints.NewestValid();
    if (!newest.ok()) continue;
    if (newest->step == tried) break;
    tried = newest->step;
    opened = Read(newest->directory, newest->step, run.saved);
  }
  CLLM_TRY(opened);
  return model_;
}

Status ModelReader::Read(const std::string& checkpoint, uint64_t step, int64_t saved) {
  CLLM_TRY(CheckMemory(checkpoint));
  CLLM_ASSIGN(OpenedModel opened, OpenModel(checkpoint));
  model_ = nullptr;
  model_ = std::make_shared<const Model>(
      Model{checkpoint, saved, step, Weights(std::move(opened.stored), Storage::kF32), std::move(opened.tokenizer)});
  return {};
}

Result<ModelReader::Continued> ModelReader::Continue(const RunSource& run, const Prompt& prompt,
                                                     const std::function<bool(const GeneratedToken& token)>& each) {
  CLLM_ASSIGN(const std::shared_ptr<const Model> model, Open(run));
  return Continued{Generate(model->weights, model->tokenizer, prompt.text, prompt.options, each), model->step};
}

Result<std::shared_ptr<ModelReader::Search>> ModelReader::BeginSearch(const RunSource& run) {
  CLLM_ASSIGN(const std::shared_ptr<const Model> model, Open(run));
  CLLM_ASSIGN(RunTokens tokens, RunTokens::Open(run));
  if (!tokens.corpus) return BadInput(tokens.missing);
  if (tokens.tokenizer.vocabulary() != model->weights.shape().vocabulary) {
    return BadInput(fmt::format("the model of the run '{}' has other tokens than its text", run.name));
  }
  auto search = std::make_shared<Search>();
  search->step_ = model->step;
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
