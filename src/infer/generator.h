#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "infer/decoder.h"
#include "infer/token_picker.h"
#include "text/tokenizer.h"

namespace cllm {

struct GenerateOptions {
  size_t tokens = 200;  // at most this many new ones
  PickOptions pick = {};
  std::vector<std::string> stops = {};  // ends before the first of these in the continuation; empty ones are ignored
  bool begin = true;  // the prompt starts with the begin token; without it only an empty prompt does
};

// One new token, as it is made.
struct GeneratedToken {
  uint32_t id;
  float logprob;          // natural logarithm, of the model's distribution before temperature and cuts
  std::string_view text;  // what may be printed now: whole UTF-8 characters (invalid bytes as they are), may be empty
};

// kEnd: the model chose the end token. kStop: a stop string is complete, or `each` returned false.
enum class FinishReason { kLength, kStop, kEnd };

struct Generated {
  std::string text;              // the continuation, raw bytes, before a stop string
  std::vector<uint32_t> tokens;  // all new ones but the end token, those of a stop string included
  std::vector<float> logprobs;   // of `tokens`
  FinishReason reason = FinishReason::kLength;
};

// Continues `prompt`. When the context is full (or the prompt alone is longer), the newest half of it is read again and
// generation goes on. Neither unknown nor begin is ever chosen. The result is a pure function of weights, prompt and
// options. `each` (may be empty) sees every token, the end token too; the texts it sees add up to Generated::text
// unless it returns false, which ends.
// REQUIRES: Validate(options.pick) is ok; decoder and tokenizer have the same vocabulary.
Generated Generate(Decoder& decoder, const Tokenizer& tokenizer, std::string_view prompt,
                   const GenerateOptions& options, const std::function<bool(const GeneratedToken&)>& each = {});

}  // namespace cllm
