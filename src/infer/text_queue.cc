#include "infer/text_queue.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"

namespace cllm {
namespace {

// A job has the texts of one prompt that begin together; its id is the number of the first of them.
class NumberedListener final : public DecodingListener {
 public:
  explicit NumberedListener(TextQueue::Listener& listener) : listener_(listener) {}

  void OnToken(uint64_t job, size_t index, const Request&, const GeneratedToken& token) override {
    listener_.OnToken(job + index, token);
  }
  void OnFinished(uint64_t job, size_t index, Generated result) override {
    listener_.OnFinished(job + index, std::move(result));
  }

 private:
  TextQueue::Listener& listener_;
};

DecoderLimits LimitsOf(const Weights& weights, size_t together) {
  return {.requests = together,
          .cache_bytes = together * KeyValueCache::Bytes(weights.shape(), weights.shape().context)};
}

}  // namespace

TextQueue::TextQueue(const Weights& weights, Spheres* pool, const Texts& texts, MakeRequest make)
    : texts_(texts),
      make_(std::move(make)),
      decoder_(std::array{&weights}, pool, LimitsOf(weights, texts.together)) {
  CHECK(texts.together >= 1);
}

void TextQueue::Step(Listener& listener, uint64_t end) {
  Begin(std::min(end, all()));
  NumberedListener numbered(listener);
  if (decoder_.busy()) decoder_.Step(numbered);
}

void TextQueue::Begin(uint64_t end) {
  while (begun_ < end) {
    const size_t there = decoder_.statistics().decoding + decoder_.statistics().waiting;
    if (there >= texts_.together) return;
    const uint64_t of_prompt = texts_.count - begun_ % texts_.count;
    const uint64_t room = std::min<uint64_t>(texts_.together - there, end - begun_);
    DecodingJob job{.id = begun_};
    for (uint64_t i = std::min(of_prompt, room); i > 0; --i) job.requests.push_back(make_(begun_++));
    decoder_.Submit(std::move(job));
  }
}

void TextQueue::Stop(Listener& listener) {
  begun_ = all();
  NumberedListener numbered(listener);
  decoder_.Stop(numbered);
}

}  // namespace cllm
