#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "infer/key_value_cache.h"
#include "infer/sampler.h"
#include "infer/text_stream.h"
#include "infer/token_scores.h"
#include "text/tokenizer.h"

namespace cllm {

// How a prompt is continued.
struct RequestOptions {
  size_t tokens = 200;  // at most this many new ones
  SamplerOptions sampler = {};
  std::vector<std::string> stops = {};  // ends before the first of these in the continuation; empty ones are ignored
  bool begin = true;  // the prompt starts with the begin token; without it only an empty prompt does
  bool may_end = true;        // the model may choose the end token
  bool score_prompt = false;  // also what the model makes of the prompt's own tokens: Generated::prompt_scores
  size_t best = 0;            // most probable tokens that are told for each position
};

// One new token, as it is made.
struct GeneratedToken {
  uint32_t id;
  float logprob;          // natural logarithm, of the model's distribution before temperature and cuts
  std::string_view text;  // what may be printed now: whole UTF-8 characters (invalid bytes as they are), may be empty
  std::span<const TokenLogprob> best = {};  // RequestOptions::best, valid as long as the text
};

// kEnd: the model chose the end token. kStop: a stop string is complete, or the caller ended the request.
enum class FinishReason { kLength, kStop, kEnd };

struct Generated {
  // The continuation, raw bytes, before a stop string. Where it is broken off (kLength, or by the caller) it ends with
  // a whole UTF-8 character: bytes of a further one, not finished, are dropped.
  std::string text;
  std::vector<uint32_t> tokens;  // all new ones but the end token, those of a stop string and of dropped bytes included
  std::vector<float> logprobs;   // of `tokens`
  std::vector<TokenScore> prompt_scores = {};  // of the prompt's tokens but the first, where they were asked for
  FinishReason reason = FinishReason::kLength;
};

// A prompt that is being continued: its tokens, cache, sampler, stop strings and what came of it so far. It may rest
// between any two tokens. When the context is full (or the prompt alone is longer), the newest half of it is read again
// and generation goes on. Neither unknown nor begin is ever chosen.
//
// The result is a pure function of weights, prompt and options: whatever else is decoded beside it. Keeps a reference
// to the tokenizer. One thread at a time; while workers decode its rows, nobody else touches it.
class Request {
 public:
  // REQUIRES: Validate(options.sampler) is ok; the tokenizer has the shape's vocabulary; a scored prompt is short
  // enough.
  Request(const ModelShape& shape, const Tokenizer& tokenizer, std::string_view prompt, const RequestOptions& options);

  // The same for a prompt in tokens, which is read as it is. REQUIRES: at least one, each < the vocabulary.
  Request(const ModelShape& shape, const Tokenizer& tokenizer, std::vector<uint32_t> prompt,
          const RequestOptions& options);

  // The prompt's tokens, and how many of them, from the start, are never read because the context is too short for all.
  std::span<const uint32_t> prompt() const { return std::span(tokens_).first(prompt_tokens_); }
  size_t prompt_left_out() const { return prompt_left_out_; }
  // Positions that its cache has at most.
  size_t most_positions() const { return std::min(context_, prompt_tokens_ + std::min(context_, options_.tokens)); }

  bool finished() const { return finished_; }
  // The tokens that the model reads next, after those in cache(): all of them come before the next choice. Empty once
  // finished.
  std::span<const uint32_t> unread() const { return std::span(tokens_).subspan(read_, to_read_ - read_); }
  KeyValueCache& cache() { return cache_; }
  // What of the tokens is in the cache, in its order.
  std::span<const uint32_t> cached() const { return std::span(tokens_).subspan(left_behind_, cache_.positions()); }
  // Takes over what a cache of the same model holds of these tokens, as far as the prompt begins with them, so that it
  // is not computed again; returns how many tokens. The last token of a prompt is read in any case, a scored prompt as
  // a whole. REQUIRES: nothing was read; cache.positions() == tokens.size().
  size_t TakeBeginning(std::span<const uint32_t> tokens, const KeyValueCache& cache);

  // What is wanted of the logits after the tokens that are read. ScoredAfter: how many of the next `tokens` unread ones
  // are followed by a token of the prompt whose score is wanted, from the first on. ChoosesAfter: whether a choice
  // comes after them.
  size_t ScoredAfter(size_t tokens) const;
  bool ChoosesAfter(size_t tokens) const { return options_.tokens > 0 && read_ + tokens == tokens_.size(); }
  size_t best() const { return options_.best; }
  // The score of the token after unread()[i], from the logits [V] there. Any number of threads at once.
  // best: of best() tokens, written to; the score views the front of it.
  struct Choice {
    uint32_t id = 0;
    float logprob = 0;
    std::span<const TokenLogprob> best = {};
  };
  Choice Score(size_t i, std::span<const float> logits, std::span<TokenLogprob> best) const;
  // A choice from the logits [V] after the last unread token. Draws the sampler's next number.
  Choice Choose(std::span<const float> logits, SamplerScratch& scratch, std::span<TokenLogprob> best);

  // The first `tokens` of unread() are in the cache now, and these are their scores, as many as ScoredAfter said.
  void MarkRead(size_t tokens, std::span<const Choice> scores = {});
  // Appends the chosen token. The text is valid until the next call. REQUIRES: unread() is empty, not finished.
  GeneratedToken Accept(const Choice& choice);
  // Ends the request, with kStop unless it is finished.
  void Stop();

  // Tokens that were chosen, the end token too, and what was made of them so far.
  size_t made() const { return made_; }
  const Generated& result() const { return result_; }
  Generated TakeResult() { return std::move(result_); }

 private:
  void MakeRoom();
  void Finish(FinishReason reason);

  size_t context_;
  const Tokenizer& tokenizer_;
  RequestOptions options_;
  Sampler sampler_;
  TextStream stream_;
  KeyValueCache cache_;
  std::vector<uint32_t> excluded_;  // never chosen
  std::vector<uint32_t> tokens_;  // prompt and continuation
  size_t prompt_tokens_ = 0, prompt_left_out_ = 0;
  size_t read_ = 0;               // of them, from the start: in the cache, or left behind when the context was full
  size_t left_behind_ = 0;        // of those
  size_t to_read_ = 0;            // of tokens_: all, or all but the last where nothing is to be chosen after it
  size_t made_ = 0;               // tokens chosen
  bool finished_ = false;
  Generated result_;
};

}  // namespace cllm
