#include "cllm/model.h"

#include <fmt/format.h>

#include <utility>

#include "api/loaded_model.h"
#include "api/text_input.h"
#include "api/watcher.h"
#include "math/scalar.h"
#include "model/layout.h"
#include "run/evaluate.h"
#include "run/run_options.h"
#include "run/text_preparation.h"

namespace cllm {
namespace {

Result<Storage> StorageOf(NumberType type) {
  switch (type) {
    case NumberType::kF32: return Storage::kF32;
    case NumberType::kBf16: return Storage::kBf16;
    case NumberType::kQ8_0: return Storage::kQ8;
    case NumberType::kF16: break;
  }
  return Usage("`weights` of another type than can be read, expected f32, bf16 or q8_0");
}

ModelInfo InfoOfOpened(const OpenedModel& opened) {
  ModelInfo info = InfoOf(opened.shape(), opened.tokenizer.name());
  info.directory = opened.path;
  info.step = opened.step;
  info.chat = opened.chat != nullptr;
  info.weights_hash = WeightHash(opened.stored);
  return info;
}

Evaluation EvaluationOf(const TextEvaluation& text) {
  const MeanScores& scores = text.result.scores;
  return {.nats_per_token = scores.token,
          .perplexity = math::Exp(scores.token),
          .bits_per_byte = text.result.bits_per_byte,
          .nats_root = scores.root,
          .nats_form = scores.form,
          .tokens = scores.positions,
          .bytes = text.bytes};
}

Result<Evaluation> EvaluateTexts(const LoadedModel& model, const Text& text, const EvaluationOptions& options,
                                 Watcher& watcher) {
  PosixFileSystem files;
  RunChoices choices;
  CLLM_ASSIGN(const std::optional<GivenText> given, NameTexts(files, text, {}, choices));
  choices.threads = options.threads;
  CLLM_TRY(CheckRanges(choices));
  CLLM_ASSIGN(const TextEvaluation evaluated,
              EvaluateText(model.weights(), model.tokenizer(), TextOf(choices).corpus,
                           {.stride = options.stride, .threads = options.threads}, watcher));
  return EvaluationOf(evaluated);
}

}  // namespace

ModelInfo InfoOf(const ModelShape& shape, const std::string& tokenizer) {
  return {.tokenizer = tokenizer,
          .parameters = ParameterLayout(shape).parameters(),
          .vocabulary = shape.vocabulary,
          .context = shape.context,
          .layers = shape.layers,
          .heads = shape.heads,
          .kv_heads = shape.kv_heads,
          .head_dim = shape.head_dim,
          .width = shape.width,
          .hidden = shape.hidden};
}

inline namespace api {

Model::Model(std::shared_ptr<const LoadedModel> loaded) noexcept : loaded_(std::move(loaded)) {}
Model::Model(const Model&) noexcept = default;
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(const Model&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;
Model::~Model() = default;

Expected<Model> Model::Open(const std::string& path, NumberType weights) {
  return Enter<Model>([&]() -> Result<Model> {
    CLLM_ASSIGN(const Storage storage, StorageOf(weights));
    CLLM_ASSIGN(OpenedModel opened, OpenModel(path));
    ModelInfo info = InfoOfOpened(opened);
    return Model(std::make_shared<const LoadedModel>(std::move(opened), std::move(info), storage));
  });
}

const ModelInfo& Model::info() const { return loaded_->info(); }

std::vector<uint32_t> Model::Tokenize(std::string_view text) const { return loaded_->tokenizer().Encode(text); }

Expected<std::string> Model::Detokenize(std::span<const uint32_t> ids) const {
  return Enter<std::string>([&]() -> Result<std::string> {
    const size_t vocabulary = loaded_->tokenizer().vocabulary();
    for (size_t i = 0; i < ids.size(); ++i) {
      if (ids[i] < vocabulary) continue;
      return Usage(fmt::format("token {} is {}, expected an id below {}", i, ids[i], vocabulary));
    }
    return loaded_->tokenizer().Decode(ids);
  });
}

Expected<Evaluation> Model::Evaluate(const Text& text, const EvaluationOptions& options, const Watch& watch) const {
  Watcher watcher(watch);
  return RunWatched<Evaluation>(watcher, "the text is not measured",
                                [&] { return EvaluateTexts(*loaded_, text, options, watcher); });
}

}  // namespace api
}  // namespace cllm
