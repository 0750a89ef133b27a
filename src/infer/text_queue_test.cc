#include "infer/text_queue.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "infer/testing/models.h"

namespace cllm {
namespace {

constexpr ModelShape kQueued{.layers = 1, .heads = 2, .width = 32, .hidden = 48, .context = 96, .vocabulary = 259};

struct HeardTexts final : TextQueue::Listener {
  void OnToken(uint64_t number, const GeneratedToken& token) override {
    EXPECT_FALSE(ended.contains(number));
    texts[number] += token.text;
  }
  void OnFinished(uint64_t number, Generated result) override {
    EXPECT_TRUE(ended.emplace(number, std::move(result)).second) << number;
  }
  std::map<uint64_t, std::string> texts;
  std::map<uint64_t, Generated> ended;
};

class TextQueueTest : public testing::Test {
 protected:
  RequestOptions OptionsOf(uint64_t number) const {
    return {.tokens = tokens_ + number % 3, .sampler = {.temperature = 1, .seed = 5 + number % count_},
            .may_end = false};
  }
  TextQueue Queue(size_t together) {
    made_.clear();
    return TextQueue(weights_, nullptr, {.prompts = prompts_.size(), .count = count_, .together = together},
                     [this](uint64_t number) {
                       made_.push_back(number);
                       return std::make_unique<Request>(kQueued, tokenizer_, prompts_[number / count_],
                                                        OptionsOf(number));
                     });
  }
  std::string Alone(uint64_t number) const {
    return Generate(weights_, tokenizer_, prompts_[number / count_], OptionsOf(number)).text;
  }

  std::vector<std::string> prompts_{std::string(70, 'a'), "", "a third one", std::string(70, 'a') + "!"};
  uint64_t count_ = 5;
  size_t tokens_ = 7;
  std::vector<uint64_t> made_;
  const Tokenizer tokenizer_ = Tokenizer::Bytes();
  const Weights weights_ = ToRead(RandomModel(kQueued, 1, 5));
};

TEST_F(TextQueueTest, EachText_IsThatOfItsRequestAlone_HoweverManyAreMadeTogether) {
  for (const size_t together : {size_t{1}, size_t{3}, size_t{64}}) {
    TextQueue queue = Queue(together);
    HeardTexts heard;
    while (!queue.done()) {
      queue.Step(heard);
      EXPECT_LE(queue.statistics().decoding + queue.statistics().waiting, together);
    }
    ASSERT_EQ(heard.ended.size(), 20u);
    for (uint64_t number = 0; number < 20; ++number) {
      EXPECT_EQ(made_[number], number);
      EXPECT_EQ(heard.ended.at(number).text, Alone(number)) << number << " of " << together;
      EXPECT_EQ(heard.texts[number], Alone(number));
    }
  }
}

TEST_F(TextQueueTest, SeveralContinuations_ReadTheirPromptOnce) {
  prompts_.resize(1);
  for (const size_t together : {size_t{1}, size_t{2}, size_t{64}}) {
    TextQueue queue = Queue(together);
    HeardTexts heard;
    while (!queue.done()) queue.Step(heard);
    EXPECT_EQ(queue.statistics().shared_tokens, 4 * 70u) << together;
  }
}

TEST_F(TextQueueTest, NoneBegins_FromTheNumberThatIsTheEnd) {
  TextQueue queue = Queue(64);
  HeardTexts heard;
  for (int step = 0; step < 40; ++step) queue.Step(heard, 7);
  EXPECT_EQ(queue.begun(), 7u);
  EXPECT_EQ(heard.ended.size(), 7u);
  EXPECT_FALSE(queue.done());
  while (!queue.done()) queue.Step(heard);
  EXPECT_EQ(heard.ended.size(), 20u);
}

TEST_F(TextQueueTest, Stopped_GivesWhatWasMade_AndMakesNoMore) {
  tokens_ = 20;
  TextQueue queue = Queue(8);
  HeardTexts heard;
  for (int step = 0; step < 6; ++step) queue.Step(heard);
  queue.Stop(heard);
  EXPECT_TRUE(queue.done());
  EXPECT_EQ(made_.size(), 8u);
  ASSERT_EQ(heard.ended.size(), 8u);
  for (const auto& [number, result] : heard.ended) {
    EXPECT_EQ(result.reason, FinishReason::kStop);
    EXPECT_EQ(Alone(number).substr(0, result.text.size()), result.text);
    EXPECT_EQ(heard.texts[number].substr(0, result.text.size()), result.text);
  }
  EXPECT_FALSE(heard.ended.at(0).tokens.empty());
}

TEST_F(TextQueueTest, NoPrompts_NothingToDo) {
  prompts_.clear();
  EXPECT_TRUE(Queue(4).done());
}

TEST_F(TextQueueTest, TextWithoutTokens_IsEmpty) {
  tokens_ = 0;
  count_ = 1;
  TextQueue queue = Queue(4);
  HeardTexts heard;
  while (!queue.done()) queue.Step(heard);
  EXPECT_EQ(heard.ended.at(0).text, "");
  EXPECT_EQ(heard.ended.size(), prompts_.size());
}

}  // namespace
}  // namespace cllm
