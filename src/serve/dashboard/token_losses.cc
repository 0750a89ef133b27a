#include "serve/dashboard/token_losses.h"

#include <algorithm>
#include <limits>

#include "data/evaluation_windows.h"

namespace cllm {
namespace {

constexpr uint64_t kLookedAt = 32'768;  // that are looked at

}  // namespace

TokenLosses::TokenLosses(const Weights& weights, const RunTokens& tokens)
    : tokens_(tokens),
      weights_(weights),
      batch_(weights),
      sums_(tokens.tokenizer.vocabulary()),
      counts_(tokens.tokenizer.vocabulary()) {
  const uint64_t context = weights.shape().context;
  const EvaluationWindows all(tokens.corpus->validation().size(), context, context);
  windows_ = std::min<uint64_t>(all.size(), std::max<uint64_t>(1, kLookedAt / context));
}

Status TokenLosses::Step() {
  const TokenView text = tokens_.corpus->validation();
  const uint64_t context = weights_.shape().context;
  const EvaluationWindow window = EvaluationWindows(text.size(), context, context).OfSample(next_++, windows_);
  std::vector<uint32_t> ids(window.length + 1);
  CLLM_TRY(text.Read(window.start, ids));
  Request request(weights_.shape(), tokens_.tokenizer, std::move(ids), {.tokens = 0, .score_prompt = true});
  if (!request.finished()) {
    batch_.Add(request);
    batch_.Run();
  }
  for (const TokenScore& score : request.result().prompt_scores) {
    sums_[score.id] -= static_cast<double>(score.logprob);
    ++counts_[score.id];
  }
  return {};
}

std::vector<float> TokenLosses::Means() const {
  std::vector<float> means(sums_.size(), std::numeric_limits<float>::quiet_NaN());
  for (size_t i = 0; i < means.size(); ++i) {
    if (counts_[i] > 0) means[i] = static_cast<float>(sums_[i] / counts_[i]);
  }
  return means;
}

}  // namespace cllm
