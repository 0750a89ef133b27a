#include "serve/tokenizer_calls.h"

#include <fmt/format.h>

#include "infer/sampler.h"
#include "serve/chat_messages.h"
#include "serve/prompt_tokens.h"
#include "serve/token_names.h"

namespace cllm {
namespace {

// The special token that a text names.
std::optional<uint32_t> SpecialNamed(const Tokenizer& tokenizer, std::string_view text) {
  for (const SpecialToken& special : tokenizer.specials()) {
    if (special.name == text) return special.id;
  }
  return std::nullopt;
}

std::vector<uint32_t> IdsOf(const Tokenizer& tokenizer, const std::string& text, bool add_begin) {
  std::vector<uint32_t> ids;
  if (add_begin && tokenizer.adds_begin()) ids.push_back(tokenizer.begin());
  if (const auto special = SpecialNamed(tokenizer, text)) {
    ids.push_back(*special);
  } else {
    tokenizer.Encode(text, ids);
  }
  return ids;
}

// A piece as a text, or as bytes where it is a part of a character (llama.cpp's form).
JsonValue PieceOf(const Tokenizer& tokenizer, uint32_t id) {
  const std::string_view bytes = tokenizer.TokenBytes(id);
  if (IsUtf8(bytes)) return TokenString(tokenizer, id);
  return TokenBytesJson(tokenizer, id);
}

std::string_view ChatTemplateOf(const ServedModel& model) {
  return model.chat() != nullptr ? model.chat()->jinja : kPlainChat.jinja;
}

}  // namespace

HttpAnswer Tokenize(FieldReader& fields, const ServedModel& model) {
  const Tokenizer& tokenizer = model.tokenizer();
  const std::string text = fields.Text(fields.Has("content") ? "content" : "prompt", "");
  const bool add_begin = fields.Truth(fields.Has("add_special") ? "add_special" : "add_special_tokens", false);
  const bool with_pieces = fields.Truth("with_pieces", false);
  if (fields.error()) return ErrorAnswer(*fields.error());
  const std::vector<uint32_t> ids = IdsOf(tokenizer, text, add_begin);
  JsonArray tokens;
  for (const uint32_t id : ids) {
    if (with_pieces) {
      tokens.emplace_back(JsonFields{{"id", id}, {"piece", PieceOf(tokenizer, id)}});
    } else {
      tokens.emplace_back(id);
    }
  }
  return JsonAnswer({{"tokens", std::move(tokens)}, {"count", ids.size()}, {"max_model_len", model.shape().context}});
}

HttpAnswer Detokenize(FieldReader& fields, const ServedModel& model) {
  const JsonValue* value = fields.Find("tokens");
  const auto* values = value == nullptr ? nullptr : std::get_if<JsonArray>(&value->content());
  if (values == nullptr) fields.Refuse("tokens", "an array of token ids");
  const std::vector<uint32_t> ids =
      values == nullptr ? std::vector<uint32_t>()
                        : fields.TokenIds("tokens", *values, model.tokenizer().vocabulary());
  if (fields.error()) return ErrorAnswer(*fields.error());
  const std::string text = model.tokenizer().Decode(ids);
  return JsonAnswer({{"content", text}, {"prompt", text}});
}

HttpAnswer ApplyTemplate(FieldReader& fields, const ServedModel& model) {
  const std::vector<ChatMessage> messages = ReadChatMessages(fields);
  if (fields.error()) return ErrorAnswer(*fields.error());
  const std::vector<ChatPiece> pieces = ChatPrompt(messages);
  JsonArray tokens, stops;
  for (const uint32_t id : TokensOfDialogue(model, pieces)) tokens.emplace_back(id);
  for (const std::string_view stop : kChatStops) stops.emplace_back(std::string(stop));
  return JsonAnswer({{"prompt", ChatText(pieces)}, {"tokens", std::move(tokens)}, {"stop", std::move(stops)}});
}

JsonFields TokenizerInfo(const ServedModel& model) {
  const Tokenizer& tokenizer = model.tokenizer();
  return {{"tokenizer_class", tokenizer.name()},
          {"vocab_size", tokenizer.vocabulary()},
          {"model_max_length", model.shape().context},
          {"bos_token", tokenizer.TokenText(tokenizer.begin())},
          {"eos_token", tokenizer.TokenText(tokenizer.end())},
          {"unk_token", tokenizer.TokenText(tokenizer.unknown())},
          {"pad_token", JsonValue()},
          {"add_bos_token", tokenizer.adds_begin()},
          {"chat_template", ChatTemplateOf(model)}};
}

JsonFields Properties(const ServedModel& model, size_t texts, const std::string& program) {
  const SamplerOptions sampler;
  const Tokenizer& tokenizer = model.tokenizer();
  return {{"default_generation_settings",
           JsonFields{{"n_ctx", model.shape().context},
                      {"params", JsonFields{{"temperature", sampler.temperature},
                                            {"top_k", sampler.top_k},
                                            {"top_p", sampler.top_p},
                                            {"min_p", sampler.min_p},
                                            {"repeat_penalty", sampler.repeat_penalty},
                                            {"repeat_last_n", sampler.repeat_window}}}}},
          {"total_slots", texts},
          {"model_alias", model.name()},
          {"model_path", model.name()},
          {"chat_template", ChatTemplateOf(model)},
          {"bos_token", tokenizer.TokenText(tokenizer.begin())},
          {"eos_token", tokenizer.TokenText(tokenizer.end())},
          {"build_info", program},
          {"system_fingerprint", model.fingerprint()}};
}

}  // namespace cllm
