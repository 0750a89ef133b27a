#include "infer/request_batch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "infer/testing/models.h"

namespace cllm {
namespace {

// Large enough that steps of a few rows are shared by a team; a context that most requests overflow.
constexpr ModelShape kShape{.layers = 2, .heads = 4, .width = 128, .hidden = 360, .context = 48, .vocabulary = 259,
                            .kv_heads = 2};
constexpr size_t kRequests = 64;

// A request of its own kind for each number: prompt, length, seed, stops and temperature differ.
struct Asked {
  std::string prompt;
  RequestOptions options;
};

Asked Numbered(uint64_t number) {
  const auto random = [&](uint64_t i, uint64_t below) { return RandomBits(number, i) % below; };
  Asked asked;
  for (uint64_t i = 0; i < random(0, 90); ++i) asked.prompt += static_cast<char>('a' + random(10 + i, 26));
  asked.options.tokens = 1 + random(1, 60);
  asked.options.begin = random(2, 4) != 0;
  asked.options.sampler = {.temperature = random(3, 3) == 0 ? 0.0 : 0.5 + static_cast<double>(random(3, 10)) / 10,
                           .top_k = random(4, 50),
                           .top_p = 0.9,
                           .repeat_penalty = random(5, 2) == 0 ? 1.0 : 1.3,
                           .seed = number};
  if (random(6, 3) == 0) asked.options.stops = {std::string(1, static_cast<char>('a' + random(7, 26))), "zz"};
  return asked;
}

class RequestBatches : public testing::Test {
 protected:
  std::unique_ptr<Request> Make(uint64_t number) const {
    const Asked asked = Numbered(number);
    return std::make_unique<Request>(kShape, tokenizer_, asked.prompt, asked.options);
  }
  void ExpectSameAsAlone(const Request& request, size_t number) {
    const Generated& alone = Alone(number);
    EXPECT_EQ(request.result().text, alone.text) << number;
    EXPECT_EQ(request.result().tokens, alone.tokens) << number;
    EXPECT_EQ(request.result().logprobs, alone.logprobs) << number;
    EXPECT_EQ(request.result().reason, alone.reason) << number;
  }

  const Tokenizer tokenizer_ = Tokenizer::Bytes();
  const Weights weights_ = ToRead(RandomModel(kShape, 1, 5));

 private:
  // The request of this number by itself, generated when first asked for.
  const Generated& Alone(size_t number) {
    if (!alone_[number]) {
      const Asked asked = Numbered(number);
      alone_[number] = Generate(weights_, tokenizer_, asked.prompt, asked.options);
    }
    return *alone_[number];
  }

  std::array<std::optional<Generated>, kRequests> alone_;
};

// Requests join in an order and at times of their own, some leave in between and come back.
TEST_F(RequestBatches, JoiningAndLeavingAtRandom_EachTextIsThatOfTheRequestAlone) {
  for (const size_t threads : {size_t{1}, size_t{2}, size_t{7}}) {
    SpheresOptions options;
    options.leaves = threads;
    options.permits = threads;
    const auto pool = Spheres::Start(std::move(options));
    ASSERT_TRUE(pool.ok());
    RequestBatch batch(weights_, pool->get());
    std::vector<std::unique_ptr<Request>> requests;
    std::vector<Request*> resting;
    for (uint64_t i = 0; i < kRequests; ++i) requests.push_back(Make(i));
    for (uint64_t i = 0; i < kRequests; ++i) {
      resting.push_back(requests[Permute(threads, i, kRequests)].get());
    }
    size_t largest = 0;
    for (uint64_t step = 0; batch.size() > 0 || !resting.empty(); ++step) {
      for (uint64_t joins = RandomBits(threads, step) % 4; joins > 0 && !resting.empty(); --joins) {
        batch.Add(*resting.back());
        resting.pop_back();
      }
      if (batch.size() == 0) continue;
      largest = std::max(largest, batch.size());
      batch.Step();
      Request* some = requests[RandomBits(threads + 100, step) % kRequests].get();
      const size_t before = batch.size();
      batch.Remove(*some);
      if (batch.size() < before) resting.insert(resting.begin(), some);
    }
    EXPECT_GT(largest, 8u);
    for (size_t i = 0; i < kRequests; ++i) ExpectSameAsAlone(*requests[i], i);
  }
}

// More requests than a step has rows: all come to their end.
TEST_F(RequestBatches, MoreRequestsThanRows_AllEnd) {
  RequestBatch batch(weights_, nullptr, 5);
  std::vector<std::unique_ptr<Request>> requests;
  for (uint64_t i = 0; i < kRequests; ++i) {
    requests.push_back(Make(i));
    batch.Add(*requests.back());
  }
  batch.Run();
  for (size_t i = 0; i < kRequests; ++i) ExpectSameAsAlone(*requests[i], i);
}

TEST_F(RequestBatches, StoppedByTheCaller_LeavesAndTheOthersGoOn) {
  RequestBatch batch(weights_);
  const auto first = Make(1), second = Make(2);
  batch.Add(*first);
  batch.Add(*second);
  batch.Run([&](Request& request, const GeneratedToken&) {
    if (&request == first.get()) request.Stop();
  });
  EXPECT_TRUE(first->finished());
  EXPECT_EQ(first->result().reason, FinishReason::kStop);
  EXPECT_EQ(first->result().tokens.size(), 1u);
  ExpectSameAsAlone(*second, 2);
}

}  // namespace
}  // namespace cllm
