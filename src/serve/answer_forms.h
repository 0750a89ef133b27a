#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "infer/request.h"
#include "serve/choice_text.h"
#include "serve/completion_call.h"
#include "serve/served_model.h"
#include "store/json.h"

namespace cllm {

// What identifies an answer: the same in all its chunks.
struct AnswerIdentity {
  std::string id;       // "cmpl-..." or "chatcmpl-..."
  int64_t created = 0;  // seconds since 1970
};

// Tokens of an answer. llama.cpp's form names them otherwise.
struct AnswerUsage {
  uint64_t prompt_tokens = 0, completion_tokens = 0;
};

// When a text's tokens came, in seconds of one clock.
struct AnswerTimes {
  double asked = 0, first = 0, last = 0;
};

// A text that is finished.
struct FinishedChoice {
  size_t index = 0;
  ChoicePiece whole = {};
  FinishReason reason = FinishReason::kLength;
  std::vector<uint32_t> ids = {};  // all that were made
  AnswerUsage usage = {};
  AnswerTimes times = {};
};

// An answer's JSON, in each of the three forms of a call. Views call and model.
class AnswerForms {
 public:
  AnswerForms(const CompletionCall& call, const ServedModel& model, AnswerIdentity identity)
      : call_(call), model_(model), identity_(std::move(identity)) {}

  // The whole, at once. llama.cpp's form is one object, or an array where there are several texts.
  std::string Whole(const std::vector<FinishedChoice>& choices, const AnswerUsage& usage) const;

  // The chunks of a stream: the first of a choice (none where the form has none), one with text, the one that says why
  // it ended, and after all of them the one with the usage.
  std::optional<JsonFields> FirstChunk(size_t index) const;
  JsonFields TextChunk(size_t index, const ChoicePiece& piece) const;
  JsonFields LastChunk(const FinishedChoice& choice) const;
  std::optional<JsonFields> UsageChunk(const AnswerUsage& usage) const;
  // Whether a stream ends with "[DONE]".
  bool SaysDone() const { return call_.form != ApiForm::kNative; }

 private:
  JsonFields Chunk(JsonArray choices) const;
  JsonFields Envelope(bool chunk) const;
  JsonFields NativeText(const FinishedChoice& choice, bool with_text) const;
  JsonFields NativePiece(size_t index, const ChoicePiece& piece) const;
  JsonValue Logprobs(const ChoicePiece& piece) const;
  JsonValue CompletionLogprobs(const ChoicePiece& piece) const;
  JsonValue ChatLogprobs(const ChoicePiece& piece) const;
  JsonArray NativeProbabilities(const ChoicePiece& piece) const;
  JsonFields TopLogprobs(const PlacedToken& token) const;
  std::string StopWordOf(const FinishedChoice& choice) const;

  const CompletionCall& call_;
  const ServedModel& model_;
  AnswerIdentity identity_;
};

}  // namespace cllm
