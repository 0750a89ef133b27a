#include "app/generated_texts.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <iostream>
#include <utility>

#include "app/messages.h"
#include "app/prompts.h"
#include "base/base64.h"
#include "base/units.h"
#include "infer/request_batch.h"
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
  std::unique_ptr<Request> request;
  std::string shown = "";  // what is ready to be written
  bool ended = false;
};

class Generation {
 public:
  Generation(const TextsToGenerate& texts, const Speaker& speaker)
      : texts_(texts),
        speaker_(speaker),
        batch_(speaker.weights, speaker.pool),
        most_(RequestsTogether(speaker.weights.shape())),
        terminal_(isatty(STDOUT_FILENO) != 0) {}

  Status Run() {
    const uint64_t all = texts_.prompts.size() * texts_.count;
    while (begun_ < all || !open_.empty()) {
      while (begun_ < all && batch_.size() < most_ && open_.size() < kWaitingForOneRow * most_) Begin(begun_++);
      if (batch_.size() > 0) {
        batch_.Step([this](Request& request, const GeneratedToken& token) { Add(request, token); });
      }
      if (!Write()) return {};  // whoever holds standard output says that it got lost
    }
    TellFurtherCuts();
    return {};
  }

 private:
  void Begin(uint64_t number) {
    Text& text = open_.emplace_back();
    text.prompt = number / texts_.count;
    RequestOptions options = texts_.options;
    text.seed = options.sampler.seed += number % texts_.count;
    const Prompt& prompt = texts_.prompts[text.prompt];
    const ModelShape& shape = speaker_.weights.shape();
    text.request = prompt.ids.empty() ? std::make_unique<Request>(shape, speaker_.tokenizer, prompt.text, options)
                                      : std::make_unique<Request>(shape, speaker_.tokenizer, prompt.ids, options);
    if (number % texts_.count == 0) TellCut(*text.request, text.prompt);
    text.shown = Heading(text);
    if (text.request->finished()) {
      End(text);
    } else {
      batch_.Add(*text.request);
    }
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

  void Add(Request& request, const GeneratedToken& token) {
    Text& text = *std::ranges::find_if(open_, [&](const Text& one) { return one.request.get() == &request; });
    if (texts_.form == TextForm::kLogprobs) {
      text.shown += fmt::format("{:.4f}\t{}\n", token.logprob, speaker_.tokenizer.TokenText(token.id));
    } else if (texts_.form != TextForm::kJson) {
      text.shown += Form(token.text);
    }
    if (request.finished()) text.ended = true;  // it leaves the batch after this step
  }

  void End(Text& text) {
    if (texts_.form == TextForm::kJson) {
      text.shown = JsonOf(text) + "\n";
    } else if (texts_.form != TextForm::kLogprobs) {
      text.shown += "\n";
    }
    text.request.reset();
  }

  // All that may be written now. False: it cannot be.
  bool Write() {
    for (Text& text : open_) {
      if (text.ended && text.request) End(text);
    }
    while (!open_.empty()) {
      std::cout << std::exchange(open_.front().shown, "");
      if (open_.front().request) break;
      open_.pop_front();
    }
    return static_cast<bool>(std::cout.flush());
  }

  std::string JsonOf(const Text& text) const {
    static constexpr const char* kReasons[] = {"length", "stop", "end"};
    const Generated& made = text.request->result();
    JsonArray prompt_ids, tokens, logprobs;
    for (const uint32_t id : text.request->prompt()) prompt_ids.emplace_back(id);
    for (const uint32_t id : made.tokens) tokens.push_back(speaker_.tokenizer.TokenText(id));
    for (const float logprob : made.logprobs) logprobs.emplace_back(static_cast<double>(logprob));
    return WriteJson({{"prompt", PromptText(text)},
                      {"text", made.text},
                      {"text_base64", Base64(made.text)},
                      {"finish_reason", kReasons[static_cast<size_t>(made.reason)]},
                      {"seed", text.seed},
                      {"prompt_ids", prompt_ids},
                      {"prompt_left_out", text.request->prompt_left_out()},
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
  RequestBatch batch_;
  const size_t most_;
  const bool terminal_;
  std::deque<Text> open_;  // in the order in which they are written
  uint64_t begun_ = 0;
  size_t cuts_ = 0;
};

}  // namespace

Status GenerateTexts(const TextsToGenerate& texts, const Speaker& speaker) { return Generation(texts, speaker).Run(); }

}  // namespace cllm
