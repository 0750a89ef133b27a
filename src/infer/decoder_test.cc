#include "infer/decoder.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <utility>

#include "infer/testing/models.h"

namespace cllm {
namespace {

constexpr ModelShape kDecoded{.layers = 2, .heads = 4, .width = 64, .hidden = 160, .context = 300, .vocabulary = 259,
                            .kv_heads = 2};

// What was told, by job and request.
class Heard final : public DecodingListener {
 public:
  void OnToken(uint64_t job, size_t index, const Request&, const GeneratedToken& token) override {
    EXPECT_FALSE(ended.contains({job, index}));
    texts[{job, index}] += token.text;
    order.emplace_back(job, index);
  }
  void OnFinished(uint64_t job, size_t index, Generated result) override {
    EXPECT_EQ((texts[{job, index}]), result.text);
    EXPECT_TRUE((ended.emplace(std::pair(job, index), std::move(result)).second));
  }

  using Place = std::pair<uint64_t, size_t>;
  std::map<Place, std::string> texts;
  std::map<Place, Generated> ended;
  std::vector<Place> order;  // of tokens
};

class Decoders : public testing::Test {
 protected:
  std::unique_ptr<Request> Make(const std::string& prompt, const RequestOptions& options) const {
    return std::make_unique<Request>(kDecoded, tokenizer_, prompt, options);
  }
  DecodingJob Job(uint64_t id, const std::string& prompt, const RequestOptions& options, size_t n = 1) const {
    DecodingJob job{.id = id};
    for (size_t i = 0; i < n; ++i) {
      RequestOptions next = options;
      next.sampler.seed += i;
      job.requests.push_back(Make(prompt, next));
    }
    return job;
  }
  std::string Alone(const std::string& prompt, const RequestOptions& options) const {
    return Generate(weights_, tokenizer_, prompt, options).text;
  }
  Decoder With(const DecoderLimits& limits) const {
    const Weights* models[] = {&weights_};
    return Decoder(models, nullptr, limits);
  }
  static void RunToEnd(Decoder& decoder, Heard& heard) {
    while (decoder.busy()) decoder.Step(heard);
  }

  const Tokenizer tokenizer_ = Tokenizer::Bytes();
  const Weights weights_ = ToRead(RandomModel(kDecoded, 1, 5));
};

RequestOptions Seeded(uint64_t seed, size_t tokens = 30) {
  return {.tokens = tokens, .sampler = {.temperature = 1, .seed = seed}, .may_end = false};
}

// The same request alone and with fifteen others that come and go around it, share its beginning and are cancelled.
TEST_F(Decoders, SeededRequest_HasItsText_AloneAndAmongFifteenOthers) {
  const std::string prompt = "The same prompt, of some length, that others begin with too";
  const RequestOptions options = Seeded(7, 40);
  const std::string alone = Alone(prompt, options);
  for (uint64_t round = 0; round < 4; ++round) {
    Decoder decoder = With({.requests = round == 3 ? size_t{2} : size_t{16}});
    Heard heard;
    uint64_t id = 1;
    for (; id < 9; ++id) {
      decoder.Submit(Job(id, prompt.substr(0, RandomBits(round, id) % prompt.size()), Seeded(id), 1 + id % 3));
      decoder.Step(heard);
    }
    decoder.Submit(Job(100, prompt, options));
    for (; id < 16; ++id) {
      decoder.Submit(Job(id, prompt + std::string(RandomBits(round, id) % 50, 'x'), Seeded(id)));
      decoder.Step(heard);
      if (id % 3 == 0) decoder.Cancel(id - 4);
    }
    RunToEnd(decoder, heard);
    EXPECT_EQ((heard.ended.at({100, 0}).text), alone) << round;
  }
}

TEST_F(Decoders, SeveralChoices_ReadThePromptOnce) {
  const std::string prompt(200, 'p');  // more than a page
  for (const size_t together : {size_t{1}, size_t{2}, size_t{64}}) {
    Decoder decoder = With({.requests = together});
    Heard heard;
    decoder.Submit(Job(1, prompt, Seeded(50), 5));
    RunToEnd(decoder, heard);
    for (size_t i = 0; i < 5; ++i) EXPECT_EQ((heard.ended.at({1, i}).text), Alone(prompt, Seeded(50 + i))) << i;
    EXPECT_EQ(decoder.statistics().prompt_tokens, 5 * 201u);
    EXPECT_EQ(decoder.statistics().shared_tokens, 4 * 200u) << together;
  }
}

TEST_F(Decoders, NextTurn_TakesTheCacheOfTheLastOne) {
  Decoder decoder = With({});
  Heard heard;
  decoder.Submit(Job(1, "A question?", Seeded(1)));
  RunToEnd(decoder, heard);
  const std::string next = "A question?" + heard.ended.at({1, 0}).text + " And another one?";
  decoder.Submit(Job(2, next, Seeded(2)));
  RunToEnd(decoder, heard);
  EXPECT_EQ((heard.ended.at({2, 0}).text), Alone(next, Seeded(2)));
  EXPECT_GE(decoder.statistics().shared_tokens, 30u);
  // The same once more: all but its last token.
  const uint64_t before = decoder.statistics().shared_tokens;
  decoder.Submit(Job(3, next, Seeded(2)));
  RunToEnd(decoder, heard);
  EXPECT_EQ((heard.ended.at({3, 0}).text), (heard.ended.at({2, 0}).text));
  EXPECT_EQ(decoder.statistics().shared_tokens - before, next.size());
}

TEST_F(Decoders, KeptCachesOff_NothingIsShared) {
  Decoder decoder = With({.kept = 0});
  Heard heard;
  for (uint64_t id = 1; id < 4; ++id) {
    decoder.Submit(Job(id, "The same", Seeded(1)));
    RunToEnd(decoder, heard);
    EXPECT_EQ((heard.ended.at({id, 0}).text), Alone("The same", Seeded(1)));
  }
  EXPECT_EQ(decoder.statistics().shared_tokens, 0u);
}

TEST_F(Decoders, Cancelled_SaysNothingMore_AndMakesRoom) {
  Decoder decoder = With({.requests = 2});
  Heard heard;
  decoder.Submit(Job(1, "one", Seeded(1, 200), 3));
  decoder.Submit(Job(2, "two", Seeded(2)));
  decoder.Step(heard);
  EXPECT_EQ(decoder.statistics().decoding, 2u);
  EXPECT_EQ(decoder.statistics().waiting, 2u);
  decoder.Cancel(1);
  EXPECT_EQ(decoder.statistics().waiting, 0u);
  const size_t told = heard.order.size();
  RunToEnd(decoder, heard);
  for (size_t i = told; i < heard.order.size(); ++i) EXPECT_EQ(heard.order[i].first, 2u);
  EXPECT_EQ(heard.ended.size(), 1u);
  decoder.Cancel(2);   // is not there any more
  decoder.Cancel(99);  // never was
  EXPECT_FALSE(decoder.busy());
}

TEST_F(Decoders, JobsTakeTurns_ALargeOneHoldsUpNoSmallOne) {
  Decoder decoder = With({.requests = 1});
  Heard heard;
  decoder.Submit(Job(1, "large", Seeded(1, 3), 6));
  decoder.Submit(Job(2, "small", Seeded(2, 3)));
  RunToEnd(decoder, heard);
  ASSERT_EQ(heard.ended.size(), 7u);
  // Its turn is second.
  EXPECT_EQ(heard.order[0].first, 1u);
  EXPECT_EQ(heard.order[3].first, 2u);
}

TEST_F(Decoders, LittleMemoryForCaches_AllEndOneAfterTheOther) {
  Decoder decoder = With({.cache_bytes = KeyValueCache::PageBytes(kDecoded)});
  Heard heard;
  for (uint64_t id = 1; id <= 3; ++id) decoder.Submit(Job(id, std::string(150, 'a'), Seeded(id)));
  while (decoder.busy()) {
    decoder.Step(heard);
    EXPECT_LE(decoder.statistics().decoding, 1u);
  }
  for (uint64_t id = 1; id <= 3; ++id) {
    EXPECT_EQ((heard.ended.at({id, 0}).text), Alone(std::string(150, 'a'), Seeded(id)));
  }
}

TEST_F(Decoders, ScoredPrompts_AreReadByEachChoice_AndOfNoCache) {
  Decoder decoder = With({});
  Heard heard;
  RequestOptions options = Seeded(1, 5);
  options.score_prompt = true;
  options.best = 2;
  decoder.Submit(Job(1, "scored", options, 3));
  RunToEnd(decoder, heard);
  options.tokens = 0;
  decoder.Submit(Job(2, "scored", options));
  RunToEnd(decoder, heard);
  for (const auto& [place, made] : heard.ended) {
    ASSERT_EQ(made.prompt_scores.size(), 6u);
    for (size_t i = 0; i < 6; ++i) {
      EXPECT_EQ(made.prompt_scores[i].logprob, (heard.ended.at({2, 0}).prompt_scores[i].logprob));
      EXPECT_EQ(made.prompt_scores[i].best.size(), 2u);
    }
  }
  EXPECT_EQ(decoder.statistics().shared_tokens, 0u);
}

TEST_F(Decoders, NothingToMake_EndsAtOnce) {
  Decoder decoder = With({});
  Heard heard;
  decoder.Submit(Job(1, "x", Seeded(1, 0), 2));
  decoder.Submit({.id = 2});
  decoder.Step(heard);
  EXPECT_EQ(heard.ended.size(), 2u);
  EXPECT_FALSE(decoder.busy());
}

TEST(Decoder, TwoModels_EachSpeaksItsOwn) {
  const Tokenizer tokenizer = Tokenizer::Bytes();
  const Weights first = ToRead(SuccessorModel(Saying("first"), 16));
  const Weights second = ToRead(SuccessorModel(Saying("two"), 32));
  const Weights* models[] = {&first, &second};
  Decoder decoder(models, nullptr, {});
  Heard heard;
  for (uint64_t id = 0; id < 6; ++id) {
    DecodingJob job{.id = id, .model = id % 2};
    job.requests.push_back(std::make_unique<Request>(models[id % 2]->shape(), tokenizer, "",
                                                     RequestOptions{.sampler = {.temperature = 0}}));
    decoder.Submit(std::move(job));
  }
  while (decoder.busy()) decoder.Step(heard);
  for (uint64_t id = 0; id < 6; ++id) EXPECT_EQ((heard.ended.at({id, 0}).text), id % 2 == 0 ? "first" : "two");
}

TEST(KeptCaches, LongestBeginning_LeastUsedGoesFirst) {
  const KeyValueCache cache(kDecoded);
  KeptCaches kept(2);
  using Ids = std::vector<uint32_t>;
  EXPECT_EQ(kept.Longest(Ids{1, 2}), nullptr);
  kept.Keep(Ids{1, 2, 3}, cache, 10);
  kept.Keep(Ids{1, 2}, cache, 10);  // is in there
  EXPECT_EQ(kept.bytes(), 10u);
  kept.Keep(Ids{4, 5}, cache, 1);
  EXPECT_EQ(kept.Longest(Ids{1, 2, 9})->tokens, (Ids{1, 2, 3}));
  EXPECT_EQ(kept.Longest(Ids{9}), nullptr);
  kept.Keep(Ids{6}, cache, 1);  // in the place of 4 5, which was not used
  EXPECT_EQ(kept.Longest(Ids{4, 5}), nullptr);
  kept.Keep(Ids{1, 2, 3, 4}, cache, 20);  // in the place of its beginning
  EXPECT_EQ(kept.bytes(), 21u);
  EXPECT_TRUE(kept.DropLeastUsed());
  EXPECT_TRUE(kept.DropLeastUsed());
  EXPECT_FALSE(kept.DropLeastUsed());
}

}  // namespace
}  // namespace cllm
