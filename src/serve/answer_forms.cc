#include "serve/answer_forms.h"

#include <algorithm>
#include <utility>

#include "serve/token_names.h"

namespace cllm {
namespace {

// OpenAI's word: what a client may continue says length.
const char* FinishWord(FinishReason reason) { return reason == FinishReason::kLength ? "length" : "stop"; }

const char* NativeStop(FinishReason reason) {
  switch (reason) {
    case FinishReason::kLength: return "limit";
    case FinishReason::kStop: return "word";
    case FinishReason::kEnd: return "eos";
  }
  return "none";
}

JsonFields UsageFields(const AnswerUsage& usage) {
  return {{"prompt_tokens", usage.prompt_tokens},
          {"completion_tokens", usage.completion_tokens},
          {"total_tokens", usage.prompt_tokens + usage.completion_tokens}};
}

// As llama.cpp names them. The time of the prompt is that until the first token, with any wait; the rate is that of the
// tokens after it.
JsonFields TimingFields(const AnswerUsage& usage, const AnswerTimes& times) {
  const double made_s = times.last - times.first;
  const bool paced = usage.completion_tokens > 1 && made_s > 0;
  const auto after_first = static_cast<double>(usage.completion_tokens - (paced ? 1 : 0));
  return {{"prompt_n", usage.prompt_tokens},
          {"prompt_ms", 1e3 * (times.first - times.asked)},
          {"predicted_n", usage.completion_tokens},
          {"predicted_ms", 1e3 * made_s},
          {"predicted_per_second", paced ? JsonValue(after_first / made_s) : JsonValue()}};
}

JsonArray Ids(const std::vector<uint32_t>& ids) { return JsonArray(ids.begin(), ids.end()); }

}  // namespace

JsonFields AnswerForms::Envelope(bool chunk) const {
  const char* object = call_.form == ApiForm::kCompletion ? "text_completion"
                       : chunk                            ? "chat.completion.chunk"
                                                          : "chat.completion";
  return {{"id", identity_.id},
          {"object", object},
          {"created", identity_.created},
          {"model", model_.name()},
          {"system_fingerprint", model_.fingerprint()}};
}

JsonFields AnswerForms::Chunk(JsonArray choices) const {
  JsonFields chunk = Envelope(true);
  chunk.push_back({"choices", std::move(choices)});
  if (call_.usage_in_stream) chunk.push_back({"usage", JsonValue()});
  return chunk;
}

std::string AnswerForms::Whole(const std::vector<FinishedChoice>& choices, const AnswerUsage& usage) const {
  JsonArray array;
  for (const FinishedChoice& choice : choices) {
    if (call_.form == ApiForm::kNative) {
      array.emplace_back(NativeText(choice, true));
      continue;
    }
    JsonFields fields = {{"index", choice.index}};
    if (call_.form == ApiForm::kChat) {
      fields.push_back({"message", JsonFields{{"role", "assistant"},
                                              {"content", choice.whole.text},
                                              {"refusal", JsonValue()}}});
    } else {
      fields.push_back({"text", choice.whole.text});
    }
    fields.push_back({"logprobs", Logprobs(choice.whole)});
    fields.push_back({"finish_reason", FinishWord(choice.reason)});
    array.emplace_back(std::move(fields));
  }
  if (call_.form == ApiForm::kNative) {
    if (array.size() == 1) return WriteJson(std::get<JsonFields>(array.front().content()));
    std::string text = WriteJson({{"", std::move(array)}});
    return text.substr(4, text.size() - 5);  // of {"":[...]}
  }
  JsonFields whole = Envelope(false);
  whole.push_back({"choices", std::move(array)});
  whole.push_back({"usage", UsageFields(usage)});
  return WriteJson(whole);
}

std::optional<JsonFields> AnswerForms::FirstChunk(size_t index) const {
  if (call_.form != ApiForm::kChat) return std::nullopt;
  return Chunk({JsonFields{{"index", index},
                           {"delta", JsonFields{{"role", "assistant"}, {"content", ""}}},
                           {"logprobs", JsonValue()},
                           {"finish_reason", JsonValue()}}});
}

JsonFields AnswerForms::TextChunk(size_t index, const ChoicePiece& piece) const {
  if (call_.form == ApiForm::kNative) return NativePiece(index, piece);
  JsonFields choice = {{"index", index}};
  if (call_.form == ApiForm::kChat) {
    choice.push_back({"delta", JsonFields{{"content", piece.text}}});
  } else {
    choice.push_back({"text", piece.text});
  }
  choice.push_back({"logprobs", Logprobs(piece)});
  choice.push_back({"finish_reason", JsonValue()});
  return Chunk({std::move(choice)});
}

JsonFields AnswerForms::LastChunk(const FinishedChoice& choice) const {
  if (call_.form == ApiForm::kNative) return NativeText(choice, false);
  JsonFields last = {{"index", choice.index}};
  if (call_.form == ApiForm::kChat) {
    last.push_back({"delta", JsonFields{}});
  } else {
    last.push_back({"text", ""});
  }
  last.push_back({"logprobs", JsonValue()});
  last.push_back({"finish_reason", FinishWord(choice.reason)});
  return Chunk({std::move(last)});
}

std::optional<JsonFields> AnswerForms::UsageChunk(const AnswerUsage& usage) const {
  if (call_.form == ApiForm::kNative || !call_.usage_in_stream) return std::nullopt;
  JsonFields chunk = Envelope(true);
  chunk.push_back({"choices", JsonArray{}});
  chunk.push_back({"usage", UsageFields(usage)});
  return chunk;
}

JsonValue AnswerForms::Logprobs(const ChoicePiece& piece) const {
  if (!call_.logprobs || piece.tokens.empty()) return {};
  return call_.form == ApiForm::kChat ? ChatLogprobs(piece) : CompletionLogprobs(piece);
}

// The token itself is always among them, also where it is none of the most probable.
JsonFields AnswerForms::TopLogprobs(const PlacedToken& token) const {
  JsonFields top;
  const auto add = [&](uint32_t id, float logprob) {
    const std::string name = TokenString(model_.tokenizer(), id);
    if (std::ranges::none_of(top, [&](const JsonField& field) { return field.name == name; })) {
      top.push_back({name, JsonLogprob(logprob)});
    }
  };
  for (const TokenLogprob& each : token.score.best) add(each.id, each.logprob);
  add(token.score.id, token.score.logprob);
  return top;
}

JsonValue AnswerForms::CompletionLogprobs(const ChoicePiece& piece) const {
  JsonArray tokens, logprobs, top, offsets;
  for (const PlacedToken& token : piece.tokens) {
    tokens.emplace_back(TokenString(model_.tokenizer(), token.score.id));
    if (token.scored) {
      logprobs.emplace_back(JsonLogprob(token.score.logprob));
      top.emplace_back(TopLogprobs(token));
    } else {
      logprobs.emplace_back();
      top.emplace_back();
    }
    offsets.emplace_back(token.offset);
  }
  return JsonFields{{"tokens", std::move(tokens)},
                    {"token_logprobs", std::move(logprobs)},
                    {"top_logprobs", std::move(top)},
                    {"text_offset", std::move(offsets)}};
}

JsonValue AnswerForms::ChatLogprobs(const ChoicePiece& piece) const {
  const auto one = [&](uint32_t id, float logprob) {
    return JsonFields{{"token", TokenString(model_.tokenizer(), id)},
                      {"logprob", JsonLogprob(logprob)},
                      {"bytes", TokenBytesJson(model_.tokenizer(), id)}};
  };
  JsonArray content;
  for (const PlacedToken& token : piece.tokens) {
    JsonArray top;
    for (const TokenLogprob& each : token.score.best) top.emplace_back(one(each.id, each.logprob));
    JsonFields fields = one(token.score.id, token.score.logprob);
    fields.push_back({"top_logprobs", std::move(top)});
    content.emplace_back(std::move(fields));
  }
  return JsonFields{{"content", std::move(content)}, {"refusal", JsonValue()}};
}

JsonArray AnswerForms::NativeProbabilities(const ChoicePiece& piece) const {
  const auto one = [&](uint32_t id, float logprob) {
    return JsonFields{{"id", id},
                      {"token", TokenString(model_.tokenizer(), id)},
                      {"bytes", TokenBytesJson(model_.tokenizer(), id)},
                      {"logprob", JsonLogprob(logprob)}};
  };
  JsonArray tokens;
  for (const PlacedToken& token : piece.tokens) {
    JsonArray top;
    for (const TokenLogprob& each : token.score.best) top.emplace_back(one(each.id, each.logprob));
    JsonFields fields = one(token.score.id, token.score.logprob);
    fields.push_back({"top_logprobs", std::move(top)});
    tokens.emplace_back(std::move(fields));
  }
  return tokens;
}

JsonFields AnswerForms::NativePiece(size_t index, const ChoicePiece& piece) const {
  JsonArray ids;
  for (const PlacedToken& token : piece.tokens) ids.emplace_back(token.score.id);
  JsonFields fields = {{"index", index}, {"content", piece.text}, {"tokens", std::move(ids)}, {"stop", false}};
  if (call_.logprobs) fields.push_back({"completion_probabilities", NativeProbabilities(piece)});
  return fields;
}

// The stop string that ended a text: it follows the text in what the tokens say.
std::string AnswerForms::StopWordOf(const FinishedChoice& choice) const {
  if (choice.reason != FinishReason::kStop) return "";
  const std::string said = model_.tokenizer().Decode(choice.ids);
  for (const std::string& stop : call_.options.stops) {
    if (!stop.empty() && said.find(stop) != said.npos) return stop;
  }
  return "";
}

JsonFields AnswerForms::NativeText(const FinishedChoice& choice, bool with_text) const {
  const CallPrompt& prompt = call_.prompts[choice.index / call_.choices];
  JsonFields fields = {{"index", choice.index},
                       {"content", with_text ? choice.whole.text : ""},
                       {"tokens", with_text ? Ids(choice.ids) : JsonArray{}},
                       {"id_slot", -1},
                       {"stop", true},
                       {"model", model_.name()},
                       {"tokens_predicted", choice.usage.completion_tokens},
                       {"tokens_evaluated", choice.usage.prompt_tokens},
                       {"generation_settings",
                        JsonFields{{"seed", call_.options.sampler.seed},
                                   {"temperature", call_.options.sampler.temperature},
                                   {"top_k", call_.options.sampler.top_k},
                                   {"top_p", call_.options.sampler.top_p},
                                   {"min_p", call_.options.sampler.min_p},
                                   {"repeat_penalty", call_.options.sampler.repeat_penalty},
                                   {"n_ctx", model_.shape().context}}},
                       {"prompt", prompt.text},
                       {"truncated", false},
                       {"stop_type", NativeStop(choice.reason)},
                       {"stopping_word", StopWordOf(choice)},
                       {"tokens_cached", choice.usage.prompt_tokens + choice.usage.completion_tokens},
                       {"timings", TimingFields(choice.usage, choice.times)},
                       {"system_fingerprint", model_.fingerprint()}};
  if (with_text && call_.logprobs) fields.push_back({"completion_probabilities", NativeProbabilities(choice.whole)});
  return fields;
}

}  // namespace cllm
