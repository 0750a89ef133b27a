#include "serve/completion_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "serve/chat_messages.h"
#include "serve/field_reader.h"
#include "serve/prompt_tokens.h"
#include "serve/sampling_fields.h"

namespace cllm {
namespace {

constexpr int64_t kMostTokens = int64_t{1} << 53;  // that somebody may name
constexpr int64_t kMostBest = 100;                 // likely tokens for each position
constexpr int64_t kMostBestOfChat = 20;

class CallReader {
 public:
  CallReader(ApiForm form, const JsonFields& fields, const ServedModel& model, CompletionCall& call)
      : fields_(fields), model_(model), call_(call) {
    call.form = form;
  }

  std::optional<ApiError> Read() {
    ReadForm();
    ReadTokens();
    ReadChoices();
    ReadSamplingFields(fields_, model_.tokenizer(), call_.options);
    if (fields_.error()) return fields_.error();
    if (call_.form == ApiForm::kChat) {
      ReadChat();
    } else {
      ReadPrompts();
    }
    if (!fields_.error()) CheckPrompts();
    return fields_.error();
  }

 private:
  void ReadForm() {
    call_.stream = fields_.Truth("stream", false);
    if (const JsonValue* options = fields_.Find("stream_options")) {
      const auto* of_stream = std::get_if<JsonFields>(&options->content());
      if (of_stream == nullptr) return fields_.Refuse("stream_options", "an object such as {\"include_usage\": true}");
      FieldReader reader(*of_stream);
      call_.usage_in_stream = reader.Truth("include_usage", false);
      if (reader.error()) fields_.Refuse(*reader.error());
    }
    ReadLogprobs();
    if (call_.form != ApiForm::kChat) call_.echo = fields_.Truth("echo", false);
    RefuseWhatCannotBe();
  }

  // A number of likely tokens in completions, true or false beside top_logprobs in chats, n_probs in llama.cpp's form.
  void ReadLogprobs() {
    if (call_.form == ApiForm::kChat) {
      call_.logprobs = fields_.Truth("logprobs", false);
      call_.options.best = static_cast<size_t>(fields_.Whole("top_logprobs", 0, kMostBestOfChat, 0));
      if (!call_.logprobs) call_.options.best = 0;
      return;
    }
    const char* name = call_.form == ApiForm::kNative ? "n_probs" : "logprobs";
    const JsonValue* value = fields_.Find(name);
    if (value == nullptr) return;
    if (const auto* truth = std::get_if<bool>(&value->content())) {
      call_.logprobs = *truth;
      call_.options.best = *truth ? 1 : 0;
      return;
    }
    call_.options.best = static_cast<size_t>(fields_.Whole(name, 0, kMostBest, 0));
    call_.logprobs = call_.form == ApiForm::kCompletion || call_.options.best > 0;
  }

  void RefuseWhatCannotBe() {
    if (const JsonValue* format = fields_.Find("response_format")) {
      const auto* object = std::get_if<JsonFields>(&format->content());
      static const JsonFields kNone;
      const FieldReader reader(object == nullptr ? kNone : *object);
      const JsonValue* type = object == nullptr ? nullptr : reader.Find("type");
      const auto* text = type == nullptr ? nullptr : std::get_if<std::string>(&type->content());
      if (text == nullptr || *text != "text") {
        Refuse("response_format", "this server writes text only: it cannot hold a model to JSON or a schema");
      }
    }
    for (const char* name : {"grammar", "json_schema", "suffix"}) {
      const JsonValue* value = fields_.Find(name);
      const auto* text = value == nullptr ? nullptr : std::get_if<std::string>(&value->content());
      const auto* object = value == nullptr ? nullptr : std::get_if<JsonFields>(&value->content());
      if (value == nullptr || (text != nullptr && text->empty()) || (object != nullptr && object->empty())) continue;
      Refuse(name, fmt::format("'{}' is not supported: texts are continued at their end, freely", name));
    }
  }

  void Refuse(const std::string& param, const std::string& sentence) {
    fields_.Refuse({.message = sentence, .param = param, .code = "unsupported_value"});
  }

  // The smallest of the names' numbers; -1 is no limit.
  void ReadTokens() {
    size_t tokens = call_.form == ApiForm::kCompletion ? kDefaultTokens : std::numeric_limits<size_t>::max();
    bool named = false;
    for (const char* name : {"max_tokens", "max_completion_tokens", "n_predict"}) {
      if (!fields_.Has(name)) continue;
      const int64_t number = fields_.Whole(name, -1, kMostTokens, -1);
      const size_t asked = number < 0 ? std::numeric_limits<size_t>::max() : static_cast<size_t>(number);
      tokens = named ? std::min(tokens, asked) : asked;
      named = true;
    }
    call_.options.tokens = tokens;
    call_.options.score_prompt = call_.echo && call_.logprobs;
  }

  void ReadChoices() {
    if (call_.form == ApiForm::kNative) return;
    call_.choices = static_cast<size_t>(fields_.Whole("n", 1, kMostChoices, 1));
    const int64_t best_of = fields_.Whole("best_of", 1, kMostChoices, static_cast<int64_t>(call_.choices));
    if (!fields_.error() && best_of != static_cast<int64_t>(call_.choices)) {
      Refuse("best_of", "'best_of' is not supported: all `n` texts are answered, choose among them");
    }
  }

  void ReadChat() {
    const std::vector<ChatMessage> messages = ReadChatMessages(fields_);
    if (fields_.error()) return;
    const std::vector<ChatPiece> pieces = ChatPrompt(messages);
    const std::string text = ChatText(pieces);
    if (TooLong(text)) return;
    call_.prompts.push_back({.ids = TokensOfDialogue(model_, pieces), .text = text});
    call_.options.stops.insert(call_.options.stops.end(), kChatStops.begin(), kChatStops.end());
    call_.trims_space = messages.back().role != kAssistantRole || messages.back().content.empty();
  }

  void AddText(const std::string& text) {
    if (!TooLong(text)) call_.prompts.push_back({.ids = TokensOfText(model_, text), .text = text});
  }
  void AddIds(const JsonArray& values) {
    CallPrompt prompt{.ids = fields_.TokenIds("prompt", values, model_.tokenizer().vocabulary())};
    if (prompt.ids.empty()) prompt.ids.push_back(model_.tokenizer().begin());
    prompt.text = model_.tokenizer().Decode(prompt.ids);
    call_.prompts.push_back(std::move(prompt));
  }

  // A text, token ids, or an array of either; the beginning of a text where there is none.
  void ReadPrompts() {
    const JsonValue* value = fields_.Find("prompt");
    if (value == nullptr) return AddText("");
    if (const auto* text = std::get_if<std::string>(&value->content())) return AddText(*text);
    const auto* values = std::get_if<JsonArray>(&value->content());
    if (values == nullptr || values->empty()) return RefusePrompt();
    if (IsNumber(values->front())) return AddIds(*values);
    if (values->size() * call_.choices > kMostTexts) {
      return Refuse("prompt", fmt::format("{} prompts with {} texts each, expected at most {} texts", values->size(),
                                          call_.choices, kMostTexts));
    }
    for (const JsonValue& each : *values) {
      if (const auto* text = std::get_if<std::string>(&each.content())) {
        AddText(*text);
      } else if (const auto* ids = std::get_if<JsonArray>(&each.content())) {
        AddIds(*ids);
      } else {
        RefusePrompt();
      }
      if (fields_.error()) return;
    }
  }

  static bool IsNumber(const JsonValue& value) {
    return std::holds_alternative<uint64_t>(value.content()) || std::holds_alternative<int64_t>(value.content()) ||
           std::holds_alternative<double>(value.content());
  }
  void RefusePrompt() {
    fields_.Refuse("prompt", "a text, an array of token ids, or an array of texts or of such arrays");
  }

  // The tokens that a prompt may have: one more where nothing comes after the last and only scores are asked for.
  size_t Room() const {
    const bool only_scores = call_.options.score_prompt && call_.options.tokens == 0;
    return model_.shape().context + (only_scores ? 1 : 0);
  }

  // A text that cannot have so few tokens is not cut into them.
  bool TooLong(const std::string& text) {
    const size_t longest = model_.longest_token();
    const size_t begin = model_.tokenizer().adds_begin() ? 1 : 0;
    const size_t least = begin + (text.size() + longest - 1) / longest;
    if (least > Room()) RefuseLength(least, "at least ");
    return least > Room();
  }

  void CheckPrompts() {
    for (const CallPrompt& prompt : call_.prompts) {
      if (prompt.ids.size() > Room()) return RefuseLength(prompt.ids.size(), "");
    }
  }

  void RefuseLength(size_t tokens, const char* least) {
    fields_.Refuse(
        {.message = fmt::format("this model's maximum context length is {} tokens; the prompt has {}{} tokens. "
                                "Shorten it",
                                model_.shape().context, least, tokens),
         .param = call_.form == ApiForm::kChat ? "messages" : "prompt",
         .code = "context_length_exceeded"});
  }

  FieldReader fields_;
  const ServedModel& model_;
  CompletionCall& call_;
};

}  // namespace

size_t CompletionCall::TokensFor(const CallPrompt& prompt, size_t context) const {
  return prompt.ids.size() > context ? 0 : std::min(options.tokens, context - prompt.ids.size() + 1);
}

std::optional<ApiError> ReadCompletionCall(ApiForm form, const JsonFields& fields, const ServedModel& model,
                                           CompletionCall& call) {
  return CallReader(form, fields, model, call).Read();
}

}  // namespace cllm
