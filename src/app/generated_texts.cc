#include "app/generated_texts.h"

#include <fmt/format.h>
#include <unistd.h>

#include <deque>
#include <iostream>
#include <memory>
#include <utility>
#include <vector>

#include "app/messages.h"
#include "app/prompts.h"
#include "base/base64.h"
#include "base/units.h"
#include "infer/text_queue.h"
#include "run/resources.h"
#include "store/json.h"
#include "terminal/terminal_text.h"

namespace cllm {
namespace {

constexpr size_t kCutsTold = 5;
constexpr size_t kWaitingForOneRow = 8;  // texts that are finished and wait for an earlier one, for each that is made

// A text that is being made, or waits for those before it to be shown.
struct Text {
  size_t prompt;
  uint64_t seed;
  std::vector<uint32_t> prompt_ids = {};  // where they are shown
  size_t prompt_left_out = 0;
  std::string shown = "";  // what is ready to be written
  bool ended = false;
};

class Generation final : private TextQueue::Listener {
 public:
  Generation(const TextsToGenerate& texts, const Speaker& speaker)
      : texts_(texts),
        speaker_(speaker),
        most_(RequestsTogether(speaker.weights.shape())),
        queue_(speaker.weights, speaker.pool,
               {.prompts = texts.prompts.size(), .count = texts.count, .together = most_},
               [this](uint64_t number) { return Begin(number); }),
        terminal_(isatty(STDOUT_FILENO) != 0) {}

  Status Run() {
    while (!queue_.done() || !open_.empty()) {
      queue_.Step(*this, first_ + kWaitingForOneRow * most_);
      if (!Write()) return {};  // whoever holds standard output says that it got lost
    }
    TellFurtherCuts();
    return {};
  }

 private:
  std::unique_ptr<Request> Begin(uint64_t number) {
    RequestOptions options = texts_.options;
    options.sampler.seed += number % texts_.count;
    Text& text = open_.emplace_back(Text{.prompt = number / texts_.count, .seed = options.sampler.seed});
    const Prompt& prompt = texts_.prompts[text.prompt];
    const ModelShape& shape = speaker_.weights.shape();
    auto request = prompt.ids.empty() ? std::make_unique<Request>(shape, speaker_.tokenizer, prompt.text, options)
                                      : std::make_unique<Request>(shape, speaker_.tokenizer, prompt.ids, options);
    text.prompt_left_out = request->prompt_left_out();
    if (texts_.form == TextForm::kJson) text.prompt_ids = {request->prompt().begin(), request->prompt().end()};
    if (number % texts_.count == 0) TellCut(*request, text.prompt);
    text.shown = Heading(text);
    return request;
  }

  // One of several says which it is, where the form does not.
  std::string Heading(const Text& text) const {
    std::string heading;
    const bool plain = texts_.form == TextForm::kPlain, several = texts_.prompts.size() > 1;
    if ((plain || texts_.form == TextForm::kLogprobs) && (several || texts_.count > 1)) {
      heading = fmt::format("--- {}seed {}\n", several ? fmt::format("prompt {}, ", text.prompt + 1) : "", text.seed);
    }
    if (texts_.echo && texts_.form != TextForm::kLogprobs && texts_.form != TextForm::kJson) {
      heading += Form(PromptText(text));
    }
    return heading;
  }

  std::string PromptText(const Text& text) const {
    const Prompt& prompt = texts_.prompts[text.prompt];
    return prompt.ids.empty() ? prompt.text : speaker_.tokenizer.Decode(prompt.ids);
  }

  // A terminal gets text that cannot upset it; a file or pipe gets the raw bytes.
  std::string Form(std::string_view piece) const {
    std::string text = texts_.form == TextForm::kLines ? OnOneLine(piece) : std::string(piece);
    return terminal_ ? ForTerminal(text) : text;
  }

  void OnToken(uint64_t number, const GeneratedToken& token) override {
    Text& text = open_[number - first_];
    if (texts_.form == TextForm::kLogprobs) {
      text.shown += fmt::format("{:.4f}\t{}\n", token.logprob, speaker_.tokenizer.TokenText(token.id));
    } else if (texts_.form != TextForm::kJson) {
      text.shown += Form(token.text);
    }
  }

  void OnFinished(uint64_t number, Generated made) override {
    Text& text = open_[number - first_];
    if (texts_.form == TextForm::kJson) {
      text.shown = JsonOf(text, made) + "\n";
    } else if (texts_.form != TextForm::kLogprobs) {
      text.shown += "\n";
    }
    text.ended = true;
  }

  // All that may be written now. False: it cannot be.
  bool Write() {
    while (!open_.empty()) {
      std::cout << std::exchange(open_.front().shown, "");
      if (!open_.front().ended) break;
      open_.pop_front();
      ++first_;
    }
    return static_cast<bool>(std::cout.flush());
  }

  std::string JsonOf(const Text& text, const Generated& made) const {
    static constexpr const char* kReasons[] = {"length", "stop", "end"};
    JsonArray tokens, logprobs;
    for (const uint32_t id : made.tokens) tokens.push_back(speaker_.tokenizer.TokenText(id));
    for (const float logprob : made.logprobs) logprobs.emplace_back(static_cast<double>(logprob));
    return WriteJson({{"prompt", PromptText(text)},
                      {"text", made.text},
                      {"text_base64", Base64(made.text)},
                      {"finish_reason", kReasons[static_cast<size_t>(made.reason)]},
                      {"seed", text.seed},
                      {"prompt_ids", JsonArray(text.prompt_ids.begin(), text.prompt_ids.end())},
                      {"prompt_left_out", text.prompt_left_out},
                      {"ids", JsonArray(made.tokens.begin(), made.tokens.end())},
                      {"tokens", tokens},
                      {"logprobs", logprobs}});
  }

  void TellCut(const Request& request, size_t prompt) {
    if (request.prompt_left_out() == 0 || ++cuts_ > kCutsTold) return;
    PrintNote(fmt::format("{} has {} tokens, the model's context {}: the first {} are left out",
                          texts_.prompts.size() > 1 ? fmt::format("prompt {}", prompt + 1) : "the prompt",
                          FormatCount(request.prompt().size()), FormatCount(speaker_.weights.shape().context),
                          FormatCount(request.prompt_left_out())));
  }
  void TellFurtherCuts() const {
    if (cuts_ <= kCutsTold) return;
    PrintNote(fmt::format("of {} prompts more the beginning is left out, too", FormatCount(cuts_ - kCutsTold)));
  }

  const TextsToGenerate& texts_;
  const Speaker& speaker_;
  const size_t most_;
  TextQueue queue_;
  const bool terminal_;
  std::deque<Text> open_;  // in the order in which they are written
  uint64_t first_ = 0;     // the number of its first
  size_t cuts_ = 0;
};

}  // namespace

Status GenerateTexts(const TextsToGenerate& texts, const Speaker& speaker) { return Generation(texts, speaker).Run(); }

}  // namespace cllm
