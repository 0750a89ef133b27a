#include "cllm/generator.h"

#include <fmt/format.h>

#include <limits>
#include <memory>
#include <utility>

#include "api/loaded_model.h"
#include "api/watcher.h"
#include "infer/request_batch.h"
#include "run/resources.h"
#include "run/run_options.h"
#include "spheres/spheres.h"

namespace cllm {

// A model and the workers that decode with it. One thread at a time.
class LoadedGenerator {
 public:
  LoadedGenerator(std::shared_ptr<const LoadedModel> model, std::unique_ptr<Spheres> pool)
      : model_(std::move(model)), pool_(std::move(pool)) {}

  const LoadedModel& model() const { return *model_; }
  Spheres* pool() { return pool_.get(); }

 private:
  std::shared_ptr<const LoadedModel> model_;
  std::unique_ptr<Spheres> pool_;
};

namespace {

RequestOptions RequestOf(const GenerateOptions& options) {
  return {.tokens = options.tokens,
          .sampler = {.temperature = options.temperature,
                      .top_k = options.top_k,
                      .top_p = options.top_p,
                      .min_p = options.min_p,
                      .repeat_penalty = options.repeat_penalty,
                      .presence_penalty = options.presence_penalty,
                      .frequency_penalty = options.frequency_penalty,
                      .seed = options.seed},
          .stops = options.stops,
          .begin = options.begin};
}

EndReason ReasonOf(FinishReason reason) {
  switch (reason) {
    case FinishReason::kStop: return EndReason::kStops;
    case FinishReason::kEnd: return EndReason::kEnd;
    case FinishReason::kLength: break;
  }
  return EndReason::kLength;
}

// A text that is being made.
struct UnfinishedText {
  size_t index = 0;
  uint64_t seed = 0;
  std::unique_ptr<Request> request;

  GeneratedText Take(bool stopped) {
    GeneratedText text{.seed = seed,
                       .prompt_tokens = request->prompt().size(),
                       .prompt_left_out = request->prompt_left_out()};
    Generated made = request->TakeResult();
    text.text = std::move(made.text);
    text.tokens = std::move(made.tokens);
    text.logprobs = std::move(made.logprobs);
    text.reason = stopped ? EndReason::kStopped : ReasonOf(made.reason);
    return text;
  }
};

// All continuations of one call.
class Continuations {
 public:
  Continuations(LoadedGenerator& generator, std::span<const std::string> prompts, const GenerateOptions& options,
                size_t count, Caller& caller)
      : model_(generator.model()),
        prompts_(prompts),
        options_(options),
        count_(count),
        caller_(caller),
        batch_(model_.weights(), generator.pool()),
        most_(RequestsTogether(model_.weights().shape())),
        texts_(prompts.size() * count) {}

  // on_piece, on_text: may be empty.
  std::vector<GeneratedText> Make(const Generator::OnPiece& on_piece, const Generator::OnText& on_text) {
    const auto on_token = [&](Request& request, const GeneratedToken& token) { Tell(request, token, on_piece); };
    while (!Stopped() && (begun_ < texts_.size() || !open_.empty())) {
      while (begun_ < texts_.size() && open_.size() < most_) Begin();
      if (batch_.size() > 0) batch_.Step(on_token);
      TakeFinished(on_text);
    }
    if (Stopped()) TakeUnfinished();
    return std::move(texts_);
  }

 private:
  bool Stopped() const { return stopped_ || options_.stop.stop_requested(); }

  void Begin() {
    UnfinishedText& text = open_.emplace_back();
    text.index = begun_++;
    RequestOptions request = RequestOf(options_);
    text.seed = request.sampler.seed += text.index % count_;
    text.request = std::make_unique<Request>(model_.weights().shape(), model_.tokenizer(),
                                             prompts_[text.index / count_], request);
    if (!text.request->finished()) batch_.Add(*text.request);
  }

  void Tell(Request& request, const GeneratedToken& token, const Generator::OnPiece& on_piece) {
    if (!on_piece || stopped_) return;
    stopped_ = !caller_.Ask([&] { return on_piece({.id = token.id, .logprob = token.logprob, .text = token.text}); });
    if (!stopped_) return;
    cut_ = &request;
    request.Stop();
  }

  void TakeFinished(const Generator::OnText& on_text) {
    std::vector<UnfinishedText> still_open;
    for (UnfinishedText& text : open_) {
      if (!text.request->finished() || text.request.get() == cut_) {
        still_open.push_back(std::move(text));
        continue;
      }
      texts_[text.index] = text.Take(false);
      if (!on_text || stopped_) continue;
      stopped_ = !caller_.Ask([&] { return on_text(text.index, texts_[text.index]); });
    }
    open_ = std::move(still_open);
  }

  void TakeUnfinished() {
    for (UnfinishedText& text : open_) {
      if (!text.request->finished()) batch_.Remove(*text.request);
      text.request->Stop();
      texts_[text.index] = text.Take(true);
    }
    for (size_t index = begun_; index < texts_.size(); ++index) {
      texts_[index] = {.reason = EndReason::kStopped, .seed = options_.seed + index % count_};
    }
  }

  const LoadedModel& model_;
  const std::span<const std::string> prompts_;
  const GenerateOptions& options_;
  const size_t count_;  // of each prompt
  Caller& caller_;
  RequestBatch batch_;
  const size_t most_;
  std::vector<GeneratedText> texts_;
  std::vector<UnfinishedText> open_;
  size_t begun_ = 0;
  bool stopped_ = false;           // by a callback
  const Request* cut_ = nullptr;  // that the callback was told of then
};

// Makes them, or says why not.
Expected<std::vector<GeneratedText>> Continue(LoadedGenerator& generator, std::span<const std::string> prompts,
                                              const GenerateOptions& options, size_t count,
                                              const Generator::OnPiece& on_piece, const Generator::OnText& on_text) {
  Caller caller;
  auto texts = Enter<std::vector<GeneratedText>>([&]() -> Result<std::vector<GeneratedText>> {
    CLLM_TRY(Validate(RequestOf(options).sampler));
    if (count != 0 && prompts.size() > std::numeric_limits<size_t>::max() / count) {
      return Usage(fmt::format("{} texts of {} prompts are more than can be counted", count, prompts.size()));
    }
    return Continuations(generator, prompts, options, count, caller).Make(on_piece, on_text);
  });
  if (caller.exception()) return StoppedError(caller.exception(), "what was generated is dropped");
  return texts;
}

}  // namespace

inline namespace api {

Generator::Generator(std::unique_ptr<LoadedGenerator> loaded) noexcept : loaded_(std::move(loaded)) {}
Generator::Generator(Generator&&) noexcept = default;
Generator& Generator::operator=(Generator&&) noexcept = default;
Generator::~Generator() = default;

Expected<Generator> Generator::Start(const Model& model, size_t threads) {
  return Enter<Generator>([&]() -> Result<Generator> {
    RunChoices choices;
    choices.threads = threads;
    CLLM_TRY(CheckRanges(choices));
    CLLM_ASSIGN(std::unique_ptr<Spheres> pool, Spheres::Start({.leaves = threads}));
    return Generator(std::make_unique<LoadedGenerator>(model.loaded_, std::move(pool)));
  });
}

Expected<GeneratedText> Generator::Generate(std::string_view prompt, const GenerateOptions& options,
                                            const OnPiece& on_piece) {
  const std::string text(prompt);
  auto made = Continue(*loaded_, {&text, 1}, options, 1, on_piece, {});
  if (!made) return made.error();
  return std::move(made->front());
}

Expected<std::vector<GeneratedText>> Generator::GenerateAll(std::span<const std::string> prompts,
                                                            const GenerateOptions& options, size_t count,
                                                            const OnText& on_text) {
  return Continue(*loaded_, prompts, options, count, {}, on_text);
}

}  // namespace api
}  // namespace cllm
