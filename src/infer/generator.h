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
  size_t tokens = 200;             // at most this many new ones
  PickOptions pick;
  std::vector<std::string> stops;  // ends before the first of these in the continuation
  bool begin = true;               // the prompt starts with the begin token
};

// One new token, as it is made.
struct GeneratedToken {
  uint32_t id;
  float logprob;          // natural logarithm, of the model's distribution before temperature and cuts
  std::string_view text;  // what may be printed now: whole UTF-8 characters (invalid bytes as they are), may be empty
};

enum class FinishReason { kLength, kStop, kEnd };

struct Generated {
  std::string text;  // the continuation, raw bytes
  std::vector<uint32_t> tokens;
  std::vector<float> logprobs;
  FinishReason reason = FinishReason::kLength;
};

// Continues `prompt`. When the context is full, the newest half of it is read again and generation goes on. The result
// is a pure function of weights, prompt and options. `each` (may be empty) sees every token; false from it ends.
Generated Generate(Decoder& decoder, const Tokenizer& tokenizer, std::string_view prompt,
                   const GenerateOptions& options, const std::function<bool(const GeneratedToken&)>& each = {});

}  // namespace cllm
