#include "infer/decoding_thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>

#include "infer/testing/models.h"

namespace cllm {
namespace {

constexpr ModelShape kOneLayer{.layers = 1, .heads = 2, .width = 32, .hidden = 64, .context = 64, .vocabulary = 259};

RequestOptions SeededRequest(uint64_t seed, size_t tokens) {
  return {.tokens = tokens, .sampler = {.seed = seed}, .may_end = false};
}

class DecodingThreads : public testing::Test {
 protected:
  // Collects what ends, and waits for it.
  void Hear(std::vector<DecodingEvent> events) {
    const std::scoped_lock lock(mutex_);
    for (DecodingEvent& event : events) {
      if (event.finished) ended_[event.job] = std::move(event.finished->text);
      else streamed_[event.job] += event.text;
    }
    changed_.notify_all();
  }
  void AwaitEnded(size_t jobs) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_.size() >= jobs; });
  }
  void AwaitToken(uint64_t job) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return streamed_.contains(job); });
  }
  DecodingJob Job(uint64_t id, size_t tokens) const {
    DecodingJob job{.id = id};
    job.requests.push_back(std::make_unique<Request>(kOneLayer, tokenizer_, "prompt", SeededRequest(id, tokens)));
    return job;
  }
  std::unique_ptr<DecodingThread> Start() {
    const Weights* models[] = {&weights_};
    return std::make_unique<DecodingThread>(models, nullptr, DecoderLimits{.requests = 4},
                                            [this](std::vector<DecodingEvent> events) { Hear(std::move(events)); });
  }

  const Tokenizer tokenizer_ = Tokenizer::Bytes();
  const Weights weights_ = ToRead(RandomModel(kOneLayer, 1, 5));
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<uint64_t, std::string> ended_, streamed_;
};

// Submitted from several threads at once.
TEST_F(DecodingThreads, EachJob_HasTheTextItHasAlone) {
  const auto decoding = Start();
  {
    std::vector<std::jthread> clients;
    for (uint64_t client = 0; client < 4; ++client) {
      clients.emplace_back([&, client] {
        for (uint64_t i = 0; i < 8; ++i) decoding->Submit(Job(1 + client * 8 + i, 20));
      });
    }
  }
  AwaitEnded(32);
  for (uint64_t id = 1; id <= 32; ++id) {
    EXPECT_EQ(ended_.at(id), Generate(weights_, tokenizer_, "prompt", SeededRequest(id, 20)).text);
    EXPECT_EQ(streamed_.at(id), ended_.at(id));
  }
}

TEST_F(DecodingThreads, CancelledJob_NeverEnds_OthersDo) {
  const auto decoding = Start();
  decoding->Submit(Job(1, 1'000'000'000));
  AwaitToken(1);
  decoding->Submit(Job(2, 10));
  AwaitEnded(1);
  decoding->Cancel(1);
  decoding->Submit(Job(3, 10));
  AwaitEnded(2);
  EXPECT_FALSE(ended_.contains(1));
}

TEST_F(DecodingThreads, Destroyed_InTheMiddle_Stops) {
  auto decoding = Start();
  for (uint64_t id = 1; id <= 9; ++id) decoding->Submit(Job(id, 1'000'000'000));
  AwaitToken(1);
  decoding.reset();
  EXPECT_TRUE(ended_.empty());
  Start().reset();  // without work
}

}  // namespace
}  // namespace cllm
