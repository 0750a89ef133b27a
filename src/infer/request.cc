#include "infer/request.h"

#include <algorithm>

#include "base/check.h"
#include "infer/kept_caches.h"

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
      excluded_(tokenizer.never_generated().begin(), tokenizer.never_generated().end()),
      tokens_(std::move(prompt)),
      prompt_tokens_(tokens_.size()) {
  if (!options.may_end) excluded_.push_back(tokenizer.end());
  CHECK(tokenizer.vocabulary() == shape.vocabulary && !tokens_.empty());
  const bool only_scores = options.tokens == 0 && options.score_prompt;
  CHECK(!options.score_prompt || tokens_.size() <= context_ + (only_scores ? 1 : 0));
  to_read_ = only_scores ? tokens_.size() - 1 : tokens_.size();
  if (options.tokens == 0 && (!only_scores || to_read_ == 0)) {
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
  left_behind_ = read_ = tokens_.size() - std::min(tokens_.size(), std::max<size_t>(1, context_ / 2));
}

size_t Request::TakeBeginning(std::span<const uint32_t> tokens, const KeyValueCache& cache) {
  CHECK(cache_.positions() == 0 && cache.positions() == tokens.size());
  if (read_ != 0 || options_.score_prompt || unread().empty()) return 0;
  const std::span<const uint32_t> mine = unread().first(unread().size() - 1);
  const size_t common = CommonBeginning(mine, tokens);
  if (common == 0) return 0;
  cache_ = cache;
  cache_.Truncate(common);
  read_ = common;
  return common;
}

size_t Request::ScoredAfter(size_t tokens) const {
  if (!options_.score_prompt || read_ + 1 >= prompt_tokens_) return 0;
  return std::min(tokens, prompt_tokens_ - 1 - read_);
}

Request::Choice Request::Score(size_t i, std::span<const float> logits, std::span<TokenLogprob> best) const {
  const uint32_t id = tokens_[read_ + i + 1];
  const RowNormalizer normalizer = NormalizerOf(logits.data(), logits.size());
  return {id, LogprobOf(normalizer, logits[id]), best.first(BestTokens(logits, normalizer, best))};
}

Request::Choice Request::Choose(std::span<const float> logits, SamplerScratch& scratch,
                                std::span<TokenLogprob> best) {
  const uint32_t id = sampler_.Draw(logits, tokens_, excluded_, scratch);
  const RowNormalizer normalizer = NormalizerOf(logits.data(), logits.size());
  return {id, LogprobOf(normalizer, logits[id]), best.first(BestTokens(logits, normalizer, best))};
}

void Request::MarkRead(size_t tokens, std::span<const Choice> scores) {
  read_ += tokens;
  for (const Choice& score : scores) {
    result_.prompt_scores.push_back({score.id, score.logprob, {score.best.begin(), score.best.end()}});
  }
  if (options_.tokens == 0 && read_ == to_read_) Finish(FinishReason::kLength);
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
    to_read_ = tokens_.size();
    MakeRoom();
  }
  return {choice.id, choice.logprob, text, choice.best};
}

void Request::Stop() {
  if (!finished_) stream_.BreakOff("");
  if (!finished_ || result_.reason == FinishReason::kLength) Finish(FinishReason::kStop);
}

void Request::Finish(FinishReason reason) {
  finished_ = true;
  read_ = to_read_;
  result_.reason = reason;
  result_.text = stream_.text();
}

}  // namespace cllm
