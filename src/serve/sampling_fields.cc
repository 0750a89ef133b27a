#include "serve/sampling_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <random>

#include "serve/completion_call.h"

namespace cllm {
namespace {

constexpr int64_t kMostTopK = int64_t{1} << 31;
constexpr float kNever = -1e6f;  // a bias that no logit outweighs

uint64_t RandomSeed() {
  std::random_device device;
  return (uint64_t{device()} << 32 | device()) >> 1;
}

void RefuseBias(FieldReader& fields) {
  fields.Refuse("logit_bias", "token ids with numbers from -100 to 100: {\"50\": -100} or [[50, -100], [51, false]]");
}

// Adds a bias; false where it is none.
bool AddBias(const std::optional<uint64_t>& id, const JsonValue& value, const Tokenizer& tokenizer,
             std::vector<LogitBias>& biases) {
  if (!id || *id >= tokenizer.vocabulary()) return false;
  double bias = 0;
  if (const auto* never = std::get_if<bool>(&value.content())) {
    if (*never) return false;
    bias = kNever;
  } else if (const auto* real = std::get_if<double>(&value.content())) {
    bias = *real;
  } else if (const auto* negative = std::get_if<int64_t>(&value.content())) {
    bias = static_cast<double>(*negative);
  } else if (const auto* whole = std::get_if<uint64_t>(&value.content())) {
    bias = static_cast<double>(*whole);
  } else {
    return false;
  }
  if (!(bias >= -100 && bias <= 100) && bias != static_cast<double>(kNever)) return false;
  biases.push_back({static_cast<uint32_t>(*id), static_cast<float>(bias)});
  return true;
}

std::optional<uint64_t> IdOfText(std::string_view text) {
  uint64_t id = 0;
  const auto end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, id);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return id;
}

std::optional<uint64_t> IdOf(const JsonValue& value) {
  if (const auto* text = std::get_if<std::string>(&value.content())) return IdOfText(*text);
  const auto* id = std::get_if<uint64_t>(&value.content());
  return id == nullptr ? std::nullopt : std::optional(*id);
}

// A map from ids as texts, or llama.cpp's list of pairs, where false is "never".
void ReadBiases(FieldReader& fields, const Tokenizer& tokenizer, std::vector<LogitBias>& biases) {
  const JsonValue* value = fields.Find("logit_bias");
  if (value == nullptr) return;
  bool good = true;
  if (const auto* map = std::get_if<JsonFields>(&value->content())) {
    for (const JsonField& each : *map) good = good && AddBias(IdOfText(each.name), each.value, tokenizer, biases);
  } else if (const auto* pairs = std::get_if<JsonArray>(&value->content())) {
    for (const JsonValue& each : *pairs) {
      const auto* pair = std::get_if<JsonArray>(&each.content());
      good = good && pair != nullptr && pair->size() == 2 && AddBias(IdOf((*pair)[0]), (*pair)[1], tokenizer, biases);
    }
  } else {
    good = false;
  }
  if (!good) RefuseBias(fields);
}

void ReadStops(FieldReader& fields, std::vector<std::string>& stops) {
  stops = fields.Texts("stop");
  bool good = stops.size() <= kMostStops;
  for (const std::string& stop : stops) good = good && stop.size() <= kMostStopBytes;
  if (good) return;
  fields.Refuse({.message = fmt::format("'stop' has {} texts, expected at most {}, of {} bytes at most", stops.size(),
                                        kMostStops, kMostStopBytes),
                 .param = "stop",
                 .code = "invalid_value"});
}

}  // namespace

void ReadSamplingFields(FieldReader& fields, const Tokenizer& tokenizer, RequestOptions& options) {
  SamplerOptions& sampler = options.sampler;
  sampler.temperature = fields.Real("temperature", 0, 100, sampler.temperature);
  // What user interfaces send for "off".
  const int64_t top_k = fields.Whole("top_k", -1, kMostTopK, static_cast<int64_t>(sampler.top_k));
  sampler.top_k = top_k < 0 ? 0 : static_cast<size_t>(top_k);
  sampler.top_p = fields.Real("top_p", 0, 1, sampler.top_p);
  if (sampler.top_p == 0) sampler.top_p = 1;
  sampler.min_p = fields.Real("min_p", 0, 1, sampler.min_p);
  const char* repeat = fields.Has("repeat_penalty") ? "repeat_penalty" : "repetition_penalty";
  sampler.repeat_penalty = fields.Real(repeat, 0, 100, sampler.repeat_penalty);
  if (sampler.repeat_penalty == 0) sampler.repeat_penalty = 1;
  sampler.repeat_penalty = std::max(sampler.repeat_penalty, 0.001);
  const int64_t window = fields.Whole("repeat_last_n", -1, kMostTopK, static_cast<int64_t>(sampler.repeat_window));
  sampler.repeat_window = window < 0 ? static_cast<size_t>(kMostTopK) : static_cast<size_t>(window);
  sampler.presence_penalty = fields.Real("presence_penalty", -2, 2, sampler.presence_penalty);
  sampler.frequency_penalty = fields.Real("frequency_penalty", -2, 2, sampler.frequency_penalty);
  constexpr uint64_t kAny = ~uint64_t{0};  // -1
  sampler.seed = fields.Seed("seed", kAny);
  if (sampler.seed == kAny) sampler.seed = RandomSeed();
  ReadBiases(fields, tokenizer, sampler.biases);
  options.may_end = !fields.Truth("ignore_eos", false);
  ReadStops(fields, options.stops);
}

}  // namespace cllm
