#include "infer/generator.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "infer/text_stream.h"
#include "kernels/rows.h"

namespace cllm {
namespace {

std::vector<uint32_t> PromptTokens(const Tokenizer& tokenizer, std::string_view prompt,
                                   const GenerateOptions& options) {
  std::vector<uint32_t> tokens;
  if (options.begin || prompt.empty()) tokens.push_back(tokenizer.begin());
  tokenizer.Encode(prompt, tokens);
  return tokens;
}

// The text so far as tokens, and the decoder that has read its newest part.
class Sequence {
 public:
  explicit Sequence(Decoder& decoder) : decoder_(decoder) { decoder_.Clear(); }

  // Logits after the last of `tokens`. REQUIRES: not empty.
  std::span<const float> Extend(std::span<const uint32_t> tokens) {
    tokens_.insert(tokens_.end(), tokens.begin(), tokens.end());
    if (tokens.size() <= decoder_.context() - decoder_.position()) return decoder_.Append(tokens);
    decoder_.Clear();
    return decoder_.Append(std::span(tokens_).last(std::max<size_t>(1, decoder_.context() / 2)));
  }

  std::span<const uint32_t> tokens() const { return tokens_; }

 private:
  Decoder& decoder_;
  std::vector<uint32_t> tokens_;
};

struct Choice {
  uint32_t id;
  float logprob;
};

// Chooses the next token from the model's logits.
class Chooser {
 public:
  Chooser(const Tokenizer& tokenizer, const PickOptions& options)
      : tokenizer_(tokenizer), picker_(options, tokenizer.vocabulary()), scratch_(tokenizer.vocabulary()) {}

  Choice Choose(std::span<const float> logits, std::span<const uint32_t> recent) {
    CHECK(logits.size() == scratch_.size());
    std::copy(logits.begin(), logits.end(), scratch_.begin());
    const float log_sum_exp = SoftmaxRow(scratch_.data(), scratch_.size(), scratch_.size(), 1.0f);
    // The mask alone is -inf, so that some token can always be chosen.
    for (size_t id = 0; id < logits.size(); ++id) {
      scratch_[id] = std::max(logits[id], std::numeric_limits<float>::lowest());
    }
    for (uint32_t special : {tokenizer_.unknown(), tokenizer_.begin()}) {
      scratch_[special] = -std::numeric_limits<float>::infinity();
    }
    const uint32_t id = picker_.Pick(scratch_, recent);
    return {id, logits[id] - log_sum_exp};
  }

 private:
  const Tokenizer& tokenizer_;
  TokenPicker picker_;
  std::vector<float> scratch_;  // [V]
};

}  // namespace

Generated Generate(Decoder& decoder, const Tokenizer& tokenizer, std::string_view prompt,
                   const GenerateOptions& options, const std::function<bool(const GeneratedToken&)>& each) {
  Sequence sequence(decoder);
  Chooser chooser(tokenizer, options.pick);
  TextStream stream(options.stops);
  Generated result;
  std::vector<uint32_t> unread = PromptTokens(tokenizer, prompt, options);
  for (size_t made = 1; made <= options.tokens && result.reason == FinishReason::kLength; ++made) {
    const std::span<const float> logits = sequence.Extend(unread);
    const Choice choice = chooser.Choose(logits, sequence.tokens());
    const bool end = choice.id == tokenizer.end();
    if (!end) {
      result.tokens.push_back(choice.id);
      result.logprobs.push_back(choice.logprob);
    }
    const std::string_view bytes = tokenizer.TokenBytes(choice.id);
    const std::string_view text = end || made == options.tokens ? stream.Finish(bytes) : stream.Append(bytes);
    if (end) result.reason = FinishReason::kEnd;
    if (stream.stopped()) result.reason = FinishReason::kStop;
    const bool go_on = !each || each({choice.id, choice.logprob, text});
    if (!go_on && result.reason == FinishReason::kLength) result.reason = FinishReason::kStop;
    unread.assign(1, choice.id);
  }
  result.text = stream.text();
  return result;
}

}  // namespace cllm
