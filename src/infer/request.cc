#include "infer/request.h"

#include <algorithm>

#include "base/check.h"
#include "kernels/softmax.h"

namespace cllm {
namespace {

std::vector<uint32_t> PromptTokens(const Tokenizer& tokenizer, std::string_view prompt, const RequestOptions& options) {
  std::vector<uint32_t> tokens;
  if ((options.begin && tokenizer.adds_begin()) || prompt.empty()) tokens.push_back(tokenizer.begin());
  tokenizer.Encode(prompt, tokens);
  return tokens;
}

}  // namespace

Request::Request(const ModelShape& shape, const Tokenizer& tokenizer, std::string_view prompt,
                 const RequestOptions& options)
    : Request(shape, tokenizer, PromptTokens(tokenizer, prompt, options), options) {}

Request::Request(const ModelShape& shape, const Tokenizer& tokenizer, std::vector<uint32_t> prompt,
                 const RequestOptions& options)
    : context_(shape.context),
      tokenizer_(tokenizer),
      options_(options),
      sampler_(options.sampler),
      stream_(options.stops),
      cache_(shape),
      tokens_(std::move(prompt)),
      prompt_tokens_(tokens_.size()) {
  CHECK(tokenizer.vocabulary() == shape.vocabulary && !tokens_.empty());
  if (options.tokens == 0) {
    Finish(FinishReason::kLength);
  } else {
    MakeRoom();
    prompt_left_out_ = read_;
  }
}

// Where the unread tokens do not fit beside those in the cache, all that is older than half a context is left behind.
void Request::MakeRoom() {
  if (unread().size() <= context_ - cache_.positions()) return;
  cache_.Truncate(0);
  read_ = tokens_.size() - std::min(tokens_.size(), std::max<size_t>(1, context_ / 2));
}

Request::Choice Request::Choose(std::span<const float> logits, SamplerScratch& scratch, float* probabilities) {
  std::copy(logits.begin(), logits.end(), probabilities);
  const float log_sum_exp = SoftmaxRow(probabilities, logits.size(), logits.size(), 1.0f);
  const uint32_t id = sampler_.Draw(logits, tokens_, tokenizer_.never_generated(), scratch);
  return {id, logits[id] - log_sum_exp};
}

GeneratedToken Request::Accept(const Choice& choice) {
  CHECK(!finished_ && unread().empty());
  ++made_;
  const bool end = choice.id == tokenizer_.end(), last = made_ == options_.tokens;
  if (!end) {
    result_.tokens.push_back(choice.id);
    result_.logprobs.push_back(choice.logprob);
  }
  const std::string_view bytes = tokenizer_.TokenBytes(choice.id);
  const std::string_view text = end    ? stream_.Finish(bytes)
                                : last ? stream_.BreakOff(bytes)
                                       : stream_.Append(bytes);
  if (stream_.stopped()) {
    Finish(FinishReason::kStop);
  } else if (end) {
    Finish(FinishReason::kEnd);
  } else if (last) {
    Finish(FinishReason::kLength);
  } else {
    tokens_.push_back(choice.id);
    MakeRoom();
  }
  return {choice.id, choice.logprob, text};
}

void Request::Stop() {
  if (!finished_) stream_.BreakOff("");
  if (!finished_ || result_.reason == FinishReason::kLength) Finish(FinishReason::kStop);
}

void Request::Finish(FinishReason reason) {
  finished_ = true;
  read_ = tokens_.size();
  result_.reason = reason;
  result_.text = stream_.text();
}

}  // namespace cllm
