#include "cllm/generator.h"

#include <fmt/format.h>

#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "api/loaded_model.h"
#include "api/watcher.h"
#include "infer/text_queue.h"
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

// All continuations of one call.
class Continuations final : private TextQueue::Listener {
 public:
  Continuations(LoadedGenerator& generator, std::span<const std::string> prompts, const GenerateOptions& options,
                size_t count, Caller& caller)
      : model_(generator.model()),
        prompts_(prompts),
        options_(options),
        count_(count),
        caller_(caller),
        queue_(model_.weights(), generator.pool(),
               {.prompts = prompts.size(), .count = count, .together = RequestsTogether(model_.weights().shape())},
               [this](uint64_t number) { return Begin(number); }),
        texts_(prompts.size() * count) {}

  // on_piece, on_text: may be empty.
  std::vector<GeneratedText> Make(const Generator::OnPiece& on_piece, const Generator::OnText& on_text) {
    on_piece_ = on_piece;
    on_text_ = on_text;
    while (!Stopped() && !queue_.done()) queue_.Step(*this);
    if (Stopped()) TakeUnfinished();
    return std::move(texts_);
  }

 private:
  bool Stopped() const { return stopped_ || options_.stop.stop_requested(); }

  std::unique_ptr<Request> Begin(uint64_t number) {
    RequestOptions options = RequestOf(options_);
    options.sampler.seed += number % count_;
    auto request = std::make_unique<Request>(model_.weights().shape(), model_.tokenizer(), prompts_[number / count_],
                                             options);
    texts_[number] = {.seed = options.sampler.seed,
                      .prompt_tokens = request->prompt().size(),
                      .prompt_left_out = request->prompt_left_out()};
    return request;
  }

  void OnToken(uint64_t number, const GeneratedToken& token) override {
    if (!on_piece_ || stopped_) return;
    stopped_ = !caller_.Ask([&] { return on_piece_({.id = token.id, .logprob = token.logprob, .text = token.text}); });
    if (stopped_) cut_ = number;
  }

  void OnFinished(uint64_t number, Generated made) override {
    GeneratedText& text = texts_[number];
    text.text = std::move(made.text);
    text.tokens = std::move(made.tokens);
    text.logprobs = std::move(made.logprobs);
    text.reason = ends_ || number == cut_ ? EndReason::kStopped : ReasonOf(made.reason);
    if (on_text_ && !stopped_) stopped_ = !caller_.Ask([&] { return on_text_(number, text); });
  }

  void TakeUnfinished() {
    const uint64_t begun = queue_.begun();
    stopped_ = ends_ = true;
    queue_.Stop(*this);
    for (size_t number = begun; number < texts_.size(); ++number) {
      texts_[number] = {.reason = EndReason::kStopped, .seed = options_.seed + number % count_};
    }
  }

  const LoadedModel& model_;
  const std::span<const std::string> prompts_;
  const GenerateOptions& options_;
  const size_t count_;  // of each prompt
  Caller& caller_;
  TextQueue queue_;
  std::vector<GeneratedText> texts_;
  Generator::OnPiece on_piece_;
  Generator::OnText on_text_;
  bool stopped_ = false;          // nobody is told anything more
  bool ends_ = false;             // what is not finished is taken as it is
  std::optional<uint64_t> cut_;  // whose token a callback wanted to be the last
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
