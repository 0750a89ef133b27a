#include "data/window_order.h"

#include <algorithm>

#include "base/check.h"
#include "base/random.h"

namespace cllm {
namespace {

constexpr uint64_t kWindowStream = 0x73616d706c6572;  // "sampler": keeps other draws from the seed apart

}  // namespace

WindowOrder::WindowOrder(uint64_t tokens, uint64_t context, uint64_t seed)
    : tokens_(tokens), context_(context), seed_(seed) {
  CHECK(context >= 1 && tokens > context);
  windows_ = std::max<uint64_t>(1, (tokens - context) / context);
}

uint64_t WindowOrder::Window(uint64_t sequence) const {
  const uint64_t epoch_key = SubKey(SubKey(seed_, kWindowStream), EpochOf(sequence));
  // windows * context + 1 tokens are read; the offset moves them inside the rest.
  const uint64_t offsets = std::min(context_, tokens_ - windows_ * context_);
  const uint64_t offset = RandomBits(epoch_key, 0) % offsets;
  return offset + Permute(SubKey(epoch_key, 1), sequence % windows_, windows_) * context_;
}

uint64_t WindowOrder::ScoredIn(const ScoredSpans& scored, uint64_t first, uint64_t count) const {
  uint64_t sum = 0;
  for (uint64_t i = first; i < first + count; ++i) sum += scored.CountIn(Window(i) + 1, context_);
  return sum;
}

Status WindowOrder::ReadSequence(const TokenView& tokens, uint64_t sequence, std::span<uint32_t> out) const {
  CHECK(tokens.size() == tokens_ && out.size() == context_ + 1);
  return tokens.Read(Window(sequence), out);
}

Status WindowOrder::ReadTrainingWindow(const TokenView& tokens, const Tokenizer& tokenizer, uint64_t sequence,
                                   std::span<uint32_t> out) const {
  CLLM_TRY(ReadSequence(tokens, sequence, out));
  if (tokenizer.TokenBytes(out[0]).ends_with('\n')) out[0] = tokenizer.begin();
  return {};
}

}  // namespace cllm
