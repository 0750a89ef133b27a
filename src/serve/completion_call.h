#pragma once

#include <optional>
#include <string>
#include <vector>

#include "infer/request.h"
#include "serve/api_error.h"
#include "serve/served_model.h"
#include "store/json.h"

namespace cllm {

// The forms of a call for texts: OpenAI's two, and llama.cpp's own.
enum class ApiForm { kCompletion, kChat, kNative };

struct CallPrompt {
  std::vector<uint32_t> ids = {};
  std::string text = "";  // of them
};

// What a client asks for, checked: it can be decoded as it is. A plain value.
struct CompletionCall {
  ApiForm form = ApiForm::kCompletion;
  std::vector<CallPrompt> prompts = {};
  size_t choices = 1;           // of each prompt; choice i has the seed options.sampler.seed + i
  RequestOptions options = {};  // `tokens` is cut for each prompt to what the context has room for
  bool stream = false;
  bool usage_in_stream = false;
  bool echo = false;      // the prompt comes first
  bool logprobs = false;  // of each token, with options.best others
  bool trims_space = false;  // a chat's answer, without the space that the template has before it

  // New tokens that there is room for after the prompt: the last one is not read.
  size_t TokensFor(const CallPrompt& prompt, size_t context) const;
};

// Limits on one call.
inline constexpr size_t kMostChoices = 128;   // of a prompt
inline constexpr size_t kMostTexts = 2048;    // prompts times choices
inline constexpr size_t kMostStops = 128;
inline constexpr size_t kMostStopBytes = 1024;  // of one
inline constexpr size_t kDefaultTokens = 200;   // of a completion that names no number

// Reads a call from a request's JSON. Error: the first field that is wrong.
std::optional<ApiError> ReadCompletionCall(ApiForm form, const JsonFields& fields, const ServedModel& model,
                                           CompletionCall& call);

}  // namespace cllm
