#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "serve/testing/traps.h"

// What clients make of an answer.
namespace cllm::traps {

void UsageComesInAChunkOfItsOwn(Servers& s) {
  for (const bool chat : {false, true}) {
    Json body = chat ? Hello() : Greedy("a");
    const char* path = chat ? kChat : kCompletions;
    for (const Json& chunk : s.speaker.Streamed(path, body)) {
      EXPECT_FALSE(chunk["choices"].empty());
      EXPECT_FALSE(chunk.contains("usage"));
    }
    body["stream_options"] = {{"include_usage", true}};
    const std::vector<Json> chunks = s.speaker.Streamed(path, body);
    for (size_t i = 0; i + 1 < chunks.size(); ++i) {
      EXPECT_FALSE(chunks[i]["choices"].empty());
      EXPECT_TRUE(chunks[i]["usage"].is_null());
    }
    EXPECT_TRUE(chunks.back()["choices"].empty());
    EXPECT_GT(chunks.back()["usage"]["completion_tokens"], 0);
    EXPECT_FALSE(chunks[chunks.size() - 2]["choices"][0]["finish_reason"].is_null());
    body["stream_options"] = {{"include_usage", false}};
    EXPECT_FALSE(s.speaker.Streamed(path, body).back()["choices"].empty());
  }
}

void LogprobsInBothForms(Servers& s) {
  const Json completion = s.random.Made(kCompletions, Greedy("a", {{"max_tokens", 6}, {"logprobs", 3}}));
  const Json& logprobs = completion["choices"][0]["logprobs"];
  const size_t n = completion["usage"]["completion_tokens"].get<size_t>();
  for (const char* name : {"tokens", "token_logprobs", "top_logprobs", "text_offset"}) {
    EXPECT_EQ(logprobs[name].size(), n) << name;
  }
  for (size_t i = 0; i < n; ++i) {
    const double own = logprobs["token_logprobs"][i];
    EXPECT_EQ(logprobs["top_logprobs"][i].at(logprobs["tokens"][i].get<std::string>()), own);
    EXPECT_EQ(logprobs["top_logprobs"][i].size(), 3u);
    EXPECT_LE(own, 0);
  }
  const Json chat = s.random.Made(kChat, Hello({{"logprobs", true}, {"top_logprobs", 2}, {"temperature", 0}}));
  const Json& content = chat["choices"][0]["logprobs"]["content"];
  EXPECT_TRUE(chat["choices"][0]["logprobs"]["refusal"].is_null());
  ASSERT_EQ(content.size(), chat["usage"]["completion_tokens"]);
  for (const Json& token : content) {
    EXPECT_EQ(token["top_logprobs"].size(), 2u);
    EXPECT_EQ(token["top_logprobs"][0]["logprob"], token["logprob"]);
    if (token["token"] != "</s>") {
      EXPECT_EQ(token["bytes"].size(), 1u);
    }
  }
  EXPECT_TRUE(s.random.Made(kChat, Hello({{"top_logprobs", 2}}))["choices"][0]["logprobs"].is_null());
  EXPECT_TRUE(s.random.Made(kCompletions, Greedy("a", {{"logprobs", false}}))["choices"][0]["logprobs"].is_null());
  // Chunks of a stream add up to the same.
  Json streamed = Json::array();
  for (const Json& chunk : s.random.Streamed(kCompletions, Greedy("a", {{"max_tokens", 6}, {"logprobs", 3}}))) {
    const Json& part = chunk["choices"][0]["logprobs"];
    if (!part.is_null()) streamed.insert(streamed.end(), part["token_logprobs"].begin(), part["token_logprobs"].end());
  }
  EXPECT_EQ(streamed, logprobs["token_logprobs"]);
  for (const Json& wrong : {Json(-1), Json(101), Json("3"), Json(0.5)}) {
    ErrorOf(s.random.Post(kCompletions, Greedy("a", {{"logprobs", wrong}})), 400);
  }
  ErrorOf(s.random.Post(kChat, Hello({{"logprobs", 3}})), 400);
  ErrorOf(s.random.Post(kChat, Hello({{"logprobs", true}, {"top_logprobs", 21}})), 400);
}

// The requests of lm-evaluation-harness.
void PromptsAreScored(Servers& s) {
  std::vector<int> ids = {1, 100, 101, 102, 200, 103};
  const Json body = {{"model", "random"}, {"prompt", {ids, {1, 90, 91}}}, {"temperature", 0}, {"max_tokens", 1},
                     {"logprobs", 1}, {"seed", 1234}, {"echo", true}};
  const Json made = s.random.Made(kCompletions, body);
  for (size_t c = 0; c < 2; ++c) {
    const Json& logprobs = made["choices"][c]["logprobs"];
    const size_t prompt = c == 0 ? 6 : 3;
    ASSERT_EQ(logprobs["token_logprobs"].size(), prompt + 1);
    ASSERT_EQ(logprobs["top_logprobs"].size(), prompt + 1);
    EXPECT_TRUE(logprobs["token_logprobs"][0].is_null());
    EXPECT_TRUE(logprobs["top_logprobs"][0].is_null());
    for (size_t i = 1; i < prompt; ++i) {
      double best = -1e9;
      for (const auto& [token, logprob] : logprobs["top_logprobs"][i].items())
        best = std::max(best, logprob.get<double>());
      EXPECT_GE(best, logprobs["token_logprobs"][i]);
    }
    // The made token is the most probable one, by the same number.
    double best = -1e9;
    for (const auto& [token, lp] : logprobs["top_logprobs"][prompt].items()) best = std::max(best, lp.get<double>());
    EXPECT_EQ(best, logprobs["token_logprobs"][prompt]);
  }
  Json only_scores = body;
  only_scores["max_tokens"] = 0;
  only_scores["prompt"] = ids;
  const Json scored = s.random.Made(kCompletions, only_scores);
  const Json& with = made["choices"][0]["logprobs"]["token_logprobs"];
  EXPECT_EQ(scored["choices"][0]["logprobs"]["token_logprobs"], Json(with.begin(), with.begin() + 6));
  EXPECT_EQ(scored["usage"]["completion_tokens"], 0);
  // As a stream, and a text.
  EXPECT_EQ(TextOf(s.random.Streamed(kCompletions, only_scores)), scored["choices"][0]["text"]);
  const Json text = s.random.Made(kCompletions, {{"prompt", "ab"}, {"echo", true}, {"logprobs", 0}, {"max_tokens", 0}});
  EXPECT_EQ(text["choices"][0]["text"], "ab");
  EXPECT_EQ(text["choices"][0]["logprobs"]["tokens"], Json({"<s>", "a", "b"}));
  EXPECT_EQ(text["choices"][0]["logprobs"]["text_offset"], Json({0, 0, 1}));
  EXPECT_EQ(s.speaker.Made(kCompletions, Greedy("a", {{"echo", true}}))["choices"][0]["text"], "abcdefghij");
  // One more than the context, where nothing comes after it.
  Json long_one = only_scores;
  long_one["prompt"] = std::vector<int>(257, 70);
  EXPECT_EQ(s.random.Made(kCompletions, long_one)["choices"][0]["logprobs"]["token_logprobs"].size(), 257u);
  long_one["max_tokens"] = 1;
  EXPECT_EQ(ErrorOf(s.random.Post(kCompletions, long_one), 400)["code"], "context_length_exceeded");
}

void FinishReasons(Servers& s) {
  for (const bool chat : {false, true}) {
    const Json body = chat ? Json{{"messages", {{{"role", "assistant"}, {"content", "a"}}}}, {"temperature", 0}}
                           : Greedy("a");
    const char* path = chat ? kChat : kCompletions;
    EXPECT_EQ(s.speaker.Made(path, body)["choices"][0]["finish_reason"], "stop");
    Json two = body;
    two["max_tokens"] = 2;
    EXPECT_EQ(s.speaker.Made(path, two)["choices"][0]["finish_reason"], "length");
    const std::vector<Json> chunks = s.speaker.Streamed(path, two);
    for (size_t i = 0; i + 1 < chunks.size(); ++i) {
      const Json& choice = chunks[i]["choices"][0];
      EXPECT_TRUE(choice.contains("finish_reason") && choice["finish_reason"].is_null());
    }
    const Json& last = chunks.back()["choices"][0];
    EXPECT_EQ(last["finish_reason"], "length");
    if (chat) {
      EXPECT_TRUE(last["delta"].is_object() && last["delta"].empty());
    }
    if (!chat) {
      EXPECT_EQ(last["text"], "");
    }
  }
  // The context is full.
  const Json full =
      s.random.Made(kCompletions, Greedy(std::string(250, 'x'), {{"ignore_eos", true}, {"max_tokens", 100}}));
  EXPECT_EQ(full["choices"][0]["finish_reason"], "length");
  EXPECT_EQ(full["usage"]["completion_tokens"], 256 - 251 + 1);
}

void FirstChunkOfAChat(Servers& s) {
  const std::vector<Json> chunks = s.speaker.Streamed(kChat, Hello());
  EXPECT_EQ(chunks[0]["choices"][0]["delta"], Json({{"role", "assistant"}, {"content", ""}}));
  for (const Json& chunk : chunks) EXPECT_EQ(chunk["object"], "chat.completion.chunk");
  for (const Json& chunk : s.speaker.Streamed(kCompletions, Greedy("a"))) EXPECT_EQ(chunk["object"], "text_completion");
  EXPECT_EQ(s.speaker.Made(kChat, Hello())["object"], "chat.completion");
}

void FieldsOfTypedClients(Servers& s) {
  for (const bool chat : {false, true}) {
    const char* path = chat ? kChat : kCompletions;
    const Json body = chat ? Hello() : Greedy("a");
    std::vector<Json> answers = s.speaker.Streamed(path, body);
    for (const Json& chunk : answers) EXPECT_EQ(chunk["id"], answers[0]["id"]);
    answers.push_back(s.speaker.Made(path, body));
    EXPECT_NE(answers.back()["id"], answers[0]["id"]);
    for (const Json& answer : answers) {
      EXPECT_TRUE(answer["id"].get<std::string>().starts_with(chat ? "chatcmpl-" : "cmpl-"));
      EXPECT_TRUE(answer["created"].is_number_unsigned());
      EXPECT_EQ(answer["model"], "speaker");
      EXPECT_TRUE(answer["system_fingerprint"].get<std::string>().starts_with("cllm-test-n"));
      for (const Json& choice : answer["choices"]) {
        EXPECT_TRUE(choice["index"].is_number_unsigned());
        EXPECT_TRUE(choice.contains("logprobs"));
      }
    }
  }
}

void UsageIsAlwaysThere(Servers& s) {
  const Json made = s.speaker.Made(kCompletions, Greedy("abc", {{"max_tokens", 4}}));
  EXPECT_EQ(made["usage"], Json({{"prompt_tokens", 4}, {"completion_tokens", 4}, {"total_tokens", 8}}));
  EXPECT_EQ(s.speaker.Made(kCompletions, {{"prompt", {"a", "ab"}}, {"max_tokens", 1}})["usage"]["prompt_tokens"], 5);
  EXPECT_GT(s.speaker.Made(kChat, Hello())["usage"]["prompt_tokens"], 3);
  // The end token counts as one that was made.
  EXPECT_EQ(s.speaker.Made(kCompletions, Greedy("h"))["usage"]["completion_tokens"], 3);
}

void EventsAndTheirEnd(Servers& s) {
  Json body = Greedy("a");
  body["stream"] = true;
  const HttpReply reply = s.speaker.Post(kCompletions, body);
  EXPECT_TRUE(reply.body.ends_with("\n\ndata: [DONE]\n\n"));
  for (const std::string& chunk : reply.chunks) {
    EXPECT_TRUE(chunk.starts_with("data: ") && chunk.ends_with("\n\n")) << chunk;
    EXPECT_EQ(std::count(chunk.begin(), chunk.end(), '\n'), 2);
  }
  // What is wrong before the first token is a status.
  body["temperature"] = -1;
  ErrorOf(s.speaker.Post(kCompletions, body), 400);
}

void CharactersStayWhole(Servers& s) {
  const std::vector<Json> chunks = s.cat.Streamed(kCompletions, Greedy(""));
  EXPECT_EQ(TextOf(chunks), "It:\xe7\x8c\xab!");
  bool whole = false;
  for (const Json& chunk : chunks) whole = whole || chunk["choices"][0]["text"] == "\xe7\x8c\xab";
  EXPECT_TRUE(whole);
  // Raw UTF-8 in the JSON, no escapes.
  EXPECT_NE(s.cat.Post(kCompletions, Greedy("")).body.find("\xe7\x8c\xab"), std::string::npos);
  // Whatever bytes a model makes: a stream is valid, and adds up to the plain answer.
  for (int seed = 0; seed < 8; ++seed) {
    const Json body = {{"prompt", "x"}, {"seed", seed}, {"temperature", 2}, {"max_tokens", 200}, {"top_k", 0},
                       {"top_p", 1}, {"min_p", 0}};
    EXPECT_EQ(TextOf(s.random.Streamed(kCompletions, body)), s.random.Made(kCompletions, body)["choices"][0]["text"]);
  }
  // Escapes in requests: pairs, and halves of them.
  const auto tokens = [&](const std::string& escaped) {
    return Json::parse(s.random.Post("/tokenize", "{\"content\": \"" + escaped + "\"}").body)["tokens"];
  };
  EXPECT_EQ(tokens("\\uD83D\\uDE00"), tokens("\xf0\x9f\x98\x80"));
  EXPECT_EQ(tokens("a\\uD83Db"), tokens("a\xef\xbf\xbd"
                                        "b"));
  EXPECT_EQ(tokens("\\udead"), tokens("\xef\xbf\xbd"));
  EXPECT_EQ(s.random.Post("/tokenize", std::string("{\"content\": \"\xff\xfe\"}")).status, 400);
}

void StopStringsAcrossTokens(Servers& s) {
  for (const std::string stop : {"def", "cdefgh", "j", "bcdefghij"}) {
    const Json body = Greedy("a", {{"stop", stop}});
    const std::string expected = std::string("bcdefghij").substr(0, std::string("bcdefghij").find(stop));
    EXPECT_EQ(s.speaker.Made(kCompletions, body)["choices"][0]["text"], expected);
    std::string streamed;
    for (const Json& chunk : s.speaker.Streamed(kCompletions, body)) {
      const std::string piece = chunk["choices"][0]["text"];
      streamed += piece;
      EXPECT_TRUE(expected.starts_with(streamed)) << streamed;
    }
    EXPECT_EQ(streamed, expected);
  }
  // Begun and not completed: it comes at the end.
  const Json cut = Greedy("a", {{"stop", "ijK"}});
  EXPECT_EQ(TextOf(s.speaker.Streamed(kCompletions, cut)), "bcdefghij");
  EXPECT_EQ(s.speaker.Made(kCompletions, Greedy("a", {{"stop", "efX"}, {"max_tokens", 5}}))["choices"][0]["text"],
            "bcdef");
}

}  // namespace cllm::traps
