#include "cllm/generator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <stdexcept>
#include <thread>

#include "api/testing/small_trainings.h"
#include "infer/request_batch.h"
#include "run/open_model.h"

namespace cllm {
namespace {

using ::testing::HasSubstr;

class GeneratorTest : public SmallTrainings {
 protected:
  static Generator Started(const Model& model, size_t threads = 2) {
    Expected<Generator> generator = Generator::Start(model, threads);
    EXPECT_TRUE(generator) << generator.error().message;
    return *std::move(generator);
  }
  static GeneratedText Made(const Expected<GeneratedText>& text) {
    EXPECT_TRUE(text) << text.error().message;
    return *text;
  }

  const Model model_ = SmallModel();
  Generator generator_ = Started(model_);
};

TEST_F(GeneratorTest, Text_IsThatOfTheRoomsBelow_OnAnyNumberOfThreads) {
  Result<OpenedModel> opened = OpenModel(root_ / "model");
  ASSERT_TRUE(opened.ok());
  const Weights weights(std::move(opened->stored), Storage::kF32);
  RequestOptions request{.tokens = 30};
  request.sampler.seed = 5;
  const Generated expected = ::cllm::Generate(weights, opened->tokenizer, "line", request);
  for (const size_t threads : {1u, 2u, 5u}) {
    Generator generator = Started(model_, threads);
    const GeneratedText text = Made(generator.Generate("line", {.tokens = 30, .seed = 5}));
    EXPECT_EQ(text.text, expected.text);
    EXPECT_EQ(text.tokens, expected.tokens);
    EXPECT_EQ(text.logprobs, expected.logprobs);
    EXPECT_EQ(text.prompt_tokens, 5u);
    EXPECT_EQ(text.seed, 5u);
  }
}

TEST_F(GeneratorTest, Pieces_AddUpToTheText) {
  std::string pieces;
  size_t count = 0;
  const GeneratedText text = Made(generator_.Generate("line", {.tokens = 25}, [&](const Piece& piece) {
    pieces += piece.text;
    ++count;
    EXPECT_LT(piece.id, 259u);
    EXPECT_LE(piece.logprob, 0);
    return Next::kGoOn;
  }));
  EXPECT_EQ(pieces, text.text);
  EXPECT_EQ(count, text.tokens.size() + (text.reason == EndReason::kEnd));
}

TEST_F(GeneratorTest, LongPrompt_IsReadFromItsEnd) {
  const GeneratedText text = Made(generator_.Generate(std::string(100, 'x'), {.tokens = 3}));
  EXPECT_EQ(text.prompt_tokens, 101u);
  EXPECT_GT(text.prompt_left_out, 90u);
  EXPECT_EQ(Made(generator_.Generate("", {.tokens = 0})).text, "");
  // However many are allowed, it ends where a stop string or the model ends it.
  const GeneratedText text_to_stop =
      Made(generator_.Generate("", {.tokens = std::numeric_limits<size_t>::max(), .stops = {"", "e"}}));
  EXPECT_TRUE(text_to_stop.reason == EndReason::kStops || text_to_stop.reason == EndReason::kEnd);
  EXPECT_EQ(text_to_stop.text.find('e'), std::string::npos);
}

TEST_F(GeneratorTest, NumberOutOfRange_IsRefused) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::function<void(GenerateOptions&)> cases[] = {
      [](GenerateOptions& o) { o.temperature = -1; },      [=](GenerateOptions& o) { o.temperature = nan; },
      [](GenerateOptions& o) { o.top_p = 1.5; },           [](GenerateOptions& o) { o.min_p = -0.1; },
      [](GenerateOptions& o) { o.repeat_penalty = 0; },    [](GenerateOptions& o) { o.presence_penalty = 101; },
      [](GenerateOptions& o) { o.frequency_penalty = -200; }};
  for (const auto& choose : cases) {
    GenerateOptions options;
    choose(options);
    const Expected<GeneratedText> text = generator_.Generate("a", options);
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().kind, ErrorKind::kBadOption);
  }
  const std::vector<std::string> prompts(3);
  EXPECT_FALSE(generator_.GenerateAll(prompts, {}, std::numeric_limits<size_t>::max()));
  EXPECT_FALSE(Generator::Start(model_, 1'000'000));
}

TEST_F(GeneratorTest, Caller_EndsAText) {
  const std::string whole = Made(generator_.Generate("line", {.tokens = 40})).text;
  size_t count = 0;
  const GeneratedText stopped = Made(generator_.Generate(
      "line", {.tokens = 40}, [&](const Piece&) { return ++count == 7 ? Next::kStop : Next::kGoOn; }));
  EXPECT_EQ(stopped.reason, EndReason::kStopped);
  EXPECT_EQ(stopped.tokens.size(), 7u);
  EXPECT_EQ(count, 7u);
  EXPECT_TRUE(whole.starts_with(stopped.text));

  std::stop_source source;
  count = 0;
  const GeneratedText by_token = Made(generator_.Generate("line", {.tokens = 40, .stop = source.get_token()},
                                                          [&](const Piece&) {
                                                            if (++count == 4) {
                                                              std::jthread([&] { source.request_stop(); }).join();
                                                            }
                                                            return Next::kGoOn;
                                                          }));
  EXPECT_EQ(by_token.reason, EndReason::kStopped);
  EXPECT_EQ(by_token.tokens.size(), 4u);
  EXPECT_TRUE(whole.starts_with(by_token.text));
  EXPECT_EQ(Made(generator_.Generate("line", {.tokens = 40, .stop = source.get_token()})).tokens.size(), 0u);
}

TEST_F(GeneratorTest, CallbackThatThrows_IsAnError_AndTheGeneratorGoesOn) {
  const std::string whole = Made(generator_.Generate("line", {.tokens = 20})).text;
  const Expected<GeneratedText> thrown = generator_.Generate("line", {.tokens = 20}, [](const Piece&) -> Next {
    throw std::runtime_error("the pipe is closed");
  });
  ASSERT_FALSE(thrown);
  EXPECT_EQ(thrown.error().kind, ErrorKind::kCallback);
  EXPECT_THAT(thrown.error().message, HasSubstr("the pipe is closed"));
  const std::vector<std::string> prompts = {"a", "b", "c"};
  const auto all = generator_.GenerateAll(prompts, {}, 2, [](size_t, const GeneratedText&) -> Next { throw 1; });
  ASSERT_FALSE(all);
  EXPECT_EQ(all.error().kind, ErrorKind::kCallback);
  EXPECT_EQ(Made(generator_.Generate("line", {.tokens = 20})).text, whole);
}

TEST_F(GeneratorTest, ManyTexts_AreThoseThatEachHasAlone) {
  std::vector<std::string> prompts;
  for (int i = 0; i < 40; ++i) prompts.push_back(std::string(static_cast<size_t>(i % 7), 'a') + std::to_string(i));
  const GenerateOptions options{.tokens = 12, .seed = 3};
  std::vector<size_t> told;
  const auto texts = generator_.GenerateAll(prompts, options, 3, [&](size_t index, const GeneratedText& text) {
    told.push_back(index);
    EXPECT_NE(text.reason, EndReason::kStopped);
    return Next::kGoOn;
  });
  ASSERT_TRUE(texts);
  ASSERT_EQ(texts->size(), 120u);
  EXPECT_EQ(told.size(), 120u);
  for (const size_t i : {0u, 1u, 2u, 50u, 119u}) {
    GenerateOptions one = options;
    one.seed += i % 3;
    const GeneratedText alone = Made(generator_.Generate(prompts[i / 3], one));
    EXPECT_EQ((*texts)[i].text, alone.text) << i;
    EXPECT_EQ((*texts)[i].tokens, alone.tokens) << i;
    EXPECT_EQ((*texts)[i].seed, one.seed);
  }
  EXPECT_EQ(generator_.GenerateAll({}, {})->size(), 0u);
  EXPECT_EQ(generator_.GenerateAll(prompts, {}, 0)->size(), 0u);
}

TEST_F(GeneratorTest, StopOfManyTexts_KeepsWhatIsThere) {
  const std::vector<std::string> prompts(100, "line");
  size_t told = 0;
  const auto texts = generator_.GenerateAll(prompts, {.tokens = 10}, 1, [&](size_t, const GeneratedText&) {
    return ++told == 3 ? Next::kStop : Next::kGoOn;
  });
  ASSERT_TRUE(texts);
  EXPECT_EQ(told, 3u);
  size_t finished = 0, stopped = 0;
  for (const GeneratedText& text : *texts) {
    finished += text.reason != EndReason::kStopped;
    stopped += text.reason == EndReason::kStopped;
  }
  EXPECT_GE(finished, 3u);
  EXPECT_GE(stopped, 36u);  // at most 64 are made together

  std::stop_source source;
  source.request_stop();
  const auto none = generator_.GenerateAll(prompts, {.stop = source.get_token()});
  ASSERT_TRUE(none);
  for (const GeneratedText& text : *none) EXPECT_EQ(text.reason, EndReason::kStopped);
}

TEST_F(GeneratorTest, Generator_OutlivesTheModelsThatItWasMadeOf) {
  std::optional<Generator> generator;
  {
    const Model copy = Opened(root_ / "model");
    generator = Started(copy);
  }
  const std::string text = Made(generator->Generate("line", {.tokens = 9})).text;
  Generator moved = *std::move(generator);
  generator.reset();
  EXPECT_EQ(Made(moved.Generate("line", {.tokens = 9})).text, text);
}

}  // namespace
}  // namespace cllm
