#include "serve/model_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <mutex>

#include "data/evaluation_windows.h"
#include "run/evaluate.h"
#include "serve/testing/test_server.h"

namespace cllm {
namespace {

using ::testing::HasSubstr;

constexpr const char* kCompletions = "/v1/completions";

// What the client adds up of a window's scores, as `cllm eval` adds up nats: 2^-32 of each.
Int128 SumOf(const Json& token_logprobs, size_t first) {
  Int128 sum = 0;
  for (size_t i = first; i < token_logprobs.size(); ++i) {
    sum += static_cast<int64_t>(-token_logprobs[i].get<double>() * 0x1p32);
  }
  return sum;
}

class Nobody final : public RunObserver {};

// Every window of a text, asked for over HTTP, in f32 and in 8 bits.
TEST(PromptScores, OverHttp_AreThoseOfEval_ToTheBit) {
  std::string text;
  for (int i = 0; i < 40; ++i) text += "A sentence with the number " + std::to_string(i * i) + ", and caf\u00e9.\n";
  const std::string path = ::testing::TempDir() + "cllm-serve-eval-" + std::to_string(getpid()) + ".txt";
  std::ofstream(path, std::ios::binary) << text;
  const Tokenizer tokenizer = Tokenizer::Bytes();
  std::vector<uint32_t> tokens = {kBeginId};
  tokenizer.Encode(text, tokens);
  tokens.push_back(kEndId);
  for (const Storage storage : {Storage::kF32, Storage::kQ8}) {
    auto model = RandomServed("model", 48, 3, storage);
    Nobody nobody;
    const auto evaluated = EvaluateText(model->weights(), tokenizer, {.paths = {path}}, {.threads = 2}, nobody);
    ASSERT_TRUE(evaluated.ok()) << evaluated.status().message();
    const TestServer server(std::move(model));
    const EvaluationWindows windows(tokens.size(), 48, 48);
    LossSums sums;
    for (uint64_t i = 0; i < windows.size(); ++i) {
      const EvaluationWindow window = windows[i];
      const auto begin = tokens.begin() + static_cast<std::ptrdiff_t>(window.start);
      const std::vector<uint32_t> prompt(begin, begin + static_cast<std::ptrdiff_t>(window.length + 1));
      const Json made =
          server.Made(kCompletions, {{"prompt", prompt}, {"echo", true}, {"logprobs", 0}, {"max_tokens", 0}});
      sums.token += SumOf(made["choices"][0]["logprobs"]["token_logprobs"], window.first_counted + 1);
      sums.positions += window.length - window.first_counted;
    }
    EXPECT_EQ(sums.positions, evaluated->result.scores.positions);
    EXPECT_EQ(MeanScores::Of(sums).token, evaluated->result.scores.token);
  }
  std::filesystem::remove(path);
}

// The text of the same request: by the library alone, plain, streamed, and among others.
TEST(ModelServer, SeededAnswer_IsThatOfTheLibrary_AloneAndAmongFifteenOthers) {
  auto model = RandomServed("model", 200);
  const std::string prompt = "It was";
  const std::string expected =
      Generate(model->weights(), model->tokenizer(), prompt, {.tokens = 80, .sampler = {.seed = 11}}).text;
  const TestServer server(std::move(model));
  const Json body = {{"prompt", prompt}, {"seed", 11}, {"max_tokens", 80}};
  // As JSON shows it.
  const std::string shown = Json::parse(WriteJson({{"t", expected}}))["t"];
  EXPECT_EQ(server.Made(kCompletions, body)["choices"][0]["text"], shown);
  std::vector<std::string> texts(16);
  {
    std::vector<std::jthread> clients;
    for (size_t i = 0; i < texts.size(); ++i) {
      clients.emplace_back([&, i] {
        Json mine = body;
        if (i != 7) mine["seed"] = 100 + i, mine["max_tokens"] = 20 + 10 * i;
        texts[i] = TextOf(server.Streamed(kCompletions, mine));
      });
    }
  }
  EXPECT_EQ(texts[7], shown);
}

TEST(ModelServer, NativeForm_OfLlamaCpp) {
  const TestServer server(SayingServed("m", "abcdefghij"));
  const Json made = server.Made("/completion", {{"prompt", "a"}, {"temperature", 0}, {"n_probs", 2}});
  EXPECT_EQ(made["content"], "bcdefghij");
  EXPECT_EQ(made["stop"], true);
  EXPECT_EQ(made["stop_type"], "eos");
  EXPECT_EQ(made["timings"]["predicted_n"], made["tokens_predicted"]);
  EXPECT_EQ(made["timings"]["prompt_n"], made["tokens_evaluated"]);
  EXPECT_GE(made["timings"]["prompt_ms"].get<double>(), 0);
  EXPECT_GT(made["timings"]["predicted_per_second"].get<double>(), 0);
  EXPECT_EQ(made["tokens"].size(), 9u);
  EXPECT_EQ(made["tokens_evaluated"], 2);
  EXPECT_EQ(made["completion_probabilities"][0]["top_logprobs"].size(), 2u);
  EXPECT_EQ(server.Made("/completion", {{"prompt", "a"}, {"temperature", 0}, {"stop", {"ef"}}})["stopping_word"], "ef");
  EXPECT_EQ(server.Made("/completion", {{"prompt", "a"}, {"temperature", 0}, {"n_predict", 2}})["stop_type"], "limit");
  EXPECT_EQ(server.Made("/completion", {{"prompt", {"a", "h"}}, {"temperature", 0}})[1]["content"], "ij");
  const HttpReply stream = server.Post("/completion", Json{{"prompt", "g"}, {"temperature", 0}, {"stream", true}});
  std::string text;
  const std::vector<std::string> events = stream.Events();
  for (const std::string& event : events) text += Json::parse(event)["content"].get<std::string>();
  EXPECT_EQ(text, "hij");
  EXPECT_EQ(Json::parse(events.front())["stop"], false);
  EXPECT_EQ(Json::parse(events.back())["stop"], true);
}

TEST(ModelServer, TokenizerCalls) {
  const TestServer server(SayingServed("m", "abc"));
  const auto tokens = [&](const Json& body) { return server.Made("/tokenize", body)["tokens"]; };
  const int a = kFirstByteId + 'a';
  EXPECT_EQ(tokens({{"content", "ab"}}), Json({a, a + 1}));
  EXPECT_EQ(tokens({{"prompt", "ab"}, {"add_special_tokens", false}}), Json({a, a + 1}));
  EXPECT_EQ(tokens({{"content", "a"}, {"add_special", true}}), Json({kBeginId, a}));
  EXPECT_EQ(tokens({{"prompt", ""}}), Json::array());
  // A client asks for the ids of the special tokens that /tokenizer_info names.
  const Json info = Json::parse(server.Get("/tokenizer_info").body);
  EXPECT_EQ(tokens({{"prompt", info["eos_token"]}}), Json(std::vector<int>{kEndId}));
  EXPECT_EQ(tokens({{"prompt", info["bos_token"]}}), Json(std::vector<int>{kBeginId}));
  EXPECT_EQ(tokens({{"prompt", "x</s>"}}).size(), 5u);  // a text that holds one is a text
  EXPECT_TRUE(info["chat_template"].is_string() && info["pad_token"].is_null());
  const Json pieces = tokens({{"content", "a\xc3\xa9"}, {"with_pieces", true}});
  EXPECT_EQ(pieces[0], Json({{"id", a}, {"piece", "a"}}));
  EXPECT_EQ(pieces[1]["piece"], Json(std::vector<int>{0xc3}));
  const Json text = server.Made("/detokenize", {{"tokens", {a, kEndId, a + 1}}});
  EXPECT_EQ(text["content"], "ab");
  EXPECT_EQ(text["prompt"], "ab");
  for (const Json& wrong : {Json::object(), Json{{"tokens", 5}}, Json{{"tokens", {-1}}}, Json{{"tokens", {259}}},
                            Json{{"tokens", {"a"}}}}) {
    EXPECT_EQ(server.Post("/detokenize", wrong).status, 400) << wrong;
  }
  EXPECT_EQ(server.Post("/tokenize", Json{{"content", 5}}).status, 400);
  EXPECT_TRUE(Json::parse(server.Get("/props").body)["chat_template"].is_string());
  EXPECT_EQ(Json::parse(server.Get("/props").body)["default_generation_settings"]["n_ctx"], 64);
}

TEST(ModelServer, AppliedTemplate_IsWhatAChatIsGiven) {
  for (const bool taught : {false, true}) {
    auto model = RandomServed("random", 256);
    if (taught) {
      const ModelShape shape = model->shape();
      model = std::make_unique<ServedModel>(ServedModel::Parts{.name = "random",
                                                               .stored = StoredInMemory(RandomModel(shape, 1, 8)),
                                                               .tokenizer = Tokenizer::Bytes(),
                                                               .chat = &kPlainChat});
    }
    const TestServer server(std::move(model));
    for (const Json& messages :
         {Json::array({{{"role", "user"}, {"content", "Hi"}}}),
          Json::array(
              {{{"role", "system"}, {"content", "Be short."}}, {{"role", "user"}, {"content", " caf\u00e9\n"}}}),
          Json::array({{{"role", "user"}, {"content", "Hi"}},
                       {{"role", "assistant"}, {"content", "Yes"}},
                       {{"role", "user"}, {"content", "And?"}}}),
          Json::array({{{"role", "user"}, {"content", "Hi"}}, {{"role", "assistant"}, {"content", "Well, "}}})}) {
      const Json applied = server.Made("/apply-template", {{"messages", messages}});
      Json call = {{"messages", messages}, {"seed", 3}, {"max_tokens", 40}};
      const Json chat = server.Made("/v1/chat/completions", call);
      EXPECT_EQ(chat["usage"]["prompt_tokens"], applied["tokens"].size());
      const Json told = server.Made(
          "/completion", {{"prompt", applied["tokens"]}, {"stop", applied["stop"]}, {"seed", 3}, {"n_predict", 40}});
      std::string text = told["content"];
      const bool begins = messages.back()["role"] != "assistant";
      if (begins && text.starts_with(' ')) text.erase(0, 1);
      EXPECT_EQ(chat["choices"][0]["message"]["content"], text) << messages;
    }
    EXPECT_EQ(server.Post("/apply-template", Json{{"messages", "Hi"}}).status, 400);
    EXPECT_EQ(server.Post("/apply-template", Json::object()).status, 400);
    EXPECT_EQ(server.Get("/apply-template").status, 405);
    const Json longer = Json::array({{{"role", "user"}, {"content", std::string(3000, 'x')}}});
    EXPECT_GT(server.Made("/apply-template", {{"messages", longer}})["tokens"].size(), 3000u);
  }
}

TEST(ModelServer, Fingerprint_NamesProgramNumericsWeightsAndStorage) {
  const auto of = [](uint64_t seed, Storage storage) { return RandomServed("m", 32, seed, storage)->fingerprint(); };
  const std::string print = of(1, Storage::kF32);
  EXPECT_EQ(print, of(1, Storage::kF32));
  EXPECT_NE(print, of(2, Storage::kF32));
  EXPECT_NE(print, of(1, Storage::kQ8));
  EXPECT_TRUE(print.starts_with("cllm-test-n") && print.ends_with("-f32")) << print;
}

TEST(ModelServer, Metrics_AreTextForPrometheus) {
  const TestServer server(SayingServed("m", "abcdef"));
  server.Made(kCompletions, {{"prompt", "a"}, {"temperature", 0}});
  server.Post(kCompletions, "{");
  const HttpReply reply = server.Get("/metrics");
  EXPECT_EQ(reply.Header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(reply.body, HasSubstr("# TYPE cllm_tokens_predicted_total counter\ncllm_tokens_predicted_total 6\n"));
  EXPECT_THAT(reply.body, HasSubstr("cllm_http_answers_total{status=\"400\"} 1\n"));
  EXPECT_EQ(server.Metric("cllm_prompt_tokens_total"), 2);
  EXPECT_TRUE(reply.body.ends_with("\n"));
}

// JSON made to hurt: deep, wide, long, wrong.
TEST(ModelServer, HostileJson_IsRefusedInASentence) {
  const TestServer server(SayingServed("m", "abc"));
  const auto nested = [](const std::string& open, const std::string& close, int n) {
    std::string text;
    for (int i = 0; i < n; ++i) text += open;
    for (int i = 0; i < n; ++i) text += close;
    return text;
  };
  for (const std::string& body :
       {"{\"prompt\": " + nested("[", "]", 100000) + "}", nested("{\"a\":", "}", 100000), nested("[", "", 2000000),
        std::string("{\"prompt\": \"a\", \"prompt\": \"b\"}"), std::string("{\"max_tokens\": 1e999}"),
        std::string("{\"max_tokens\": 99999999999999999999999}"), std::string("{\"prompt\": \"\\u12\"}"),
        std::string("{\"prompt\": \"\xff\"}"), std::string("{\"prompt\": \"a\0b\"}", 17), std::string("\0", 1),
        std::string("nul"), std::string("{\"prompt\": NaN}"), std::string("{'prompt': 'a'}")}) {
    const HttpReply reply = server.Post(kCompletions, body);
    EXPECT_EQ(reply.status, 400) << body.substr(0, 60);
    EXPECT_TRUE(Json::parse(reply.body)["error"]["message"].is_string());
  }
  // Many values are only many.
  std::string wide = "{\"ignored\": [0";
  for (int i = 0; i < 500000; ++i) wide += ",1";
  EXPECT_EQ(server.Post(kCompletions, wide + "], \"prompt\": \"a\"}").status, 200);
  EXPECT_EQ(server.Post(kCompletions, Json{{"prompt", std::vector<std::string>(3000, "a")}}).status, 400);
}

ModelServerOptions Telling(std::mutex& mutex, std::vector<std::string>& told) {
  ModelServerOptions options;
  options.tell = [&](const std::string& sentence) {
    const std::scoped_lock lock(mutex);
    told.push_back(sentence);
  };
  return options;
}

TEST(ModelServer, PlainChat_IsToldOnce) {
  std::mutex mutex;
  std::vector<std::string> told;
  const TestServer server(SayingServed("m", "abc"), Telling(mutex, told));
  for (int i = 0; i < 3; ++i)
    server.Made("/v1/chat/completions", {{"messages", {{{"role", "user"}, {"content", "a"}}}}});
  const std::scoped_lock lock(mutex);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_THAT(told[0], HasSubstr("never taught dialogues"));
}

// A stop lets what runs come to its end, and takes nothing new.
TEST(ModelServer, Stop_FinishesWhatRuns) {
  std::mutex mutex;
  std::vector<std::string> told;
  TestServer server(RandomServed("m", 4096), Telling(mutex, told));
  HttpClient idle(server.port()), client(server.port());
  idle.Send(GetText("/health"));
  EXPECT_EQ(idle.Read().status, 200);
  client.Send(PostText(kCompletions, R"({"stream": true, "prompt": "x", "max_tokens": 500, "ignore_eos": true})"));
  client.ReadUntil("data: ");
  server.server().AskToStop();
  EXPECT_TRUE(idle.ReadsEnd());
  const std::string rest = client.ReadUntil("data: [DONE]\n\n");
  EXPECT_TRUE(rest.ends_with("data: [DONE]\n\n"));
  EXPECT_TRUE(client.ReadsEnd());
  server.Join();
  EXPECT_FALSE(HttpClient(server.port()).connected());
}

// A second one cuts, and says so to each client.
TEST(ModelServer, SecondStop_CutsWhatRuns) {
  std::mutex mutex;
  std::vector<std::string> told;
  TestServer server(RandomServed("m", 65536), Telling(mutex, told));
  const std::string endless = R"("prompt": "x", "max_tokens": -1, "ignore_eos": true})";
  HttpClient stream(server.port()), plain(server.port());
  stream.Send(PostText(kCompletions, "{\"stream\": true, " + endless));
  stream.ReadUntil("data: ");
  plain.Send(PostText(kCompletions, "{" + endless));
  server.AwaitMetric("cllm_calls_open", 2);
  server.server().AskToStop();
  server.server().AskToStop();
  EXPECT_THAT(stream.ReadUntil("was stopped before this answer's end"), HasSubstr("\"error\":"));
  const HttpReply cut = plain.Read();
  EXPECT_EQ(cut.status, 503);
  EXPECT_THAT(cut.body, HasSubstr("was stopped"));
  server.Join();
  const std::scoped_lock lock(mutex);
  ASSERT_EQ(told.size(), 2u);
  EXPECT_THAT(told[0], HasSubstr("2 of the answers are being finished"));
  EXPECT_THAT(told[1], HasSubstr("2 of the answers cut short"));
}

TEST(ModelServer, StopThatTakesTooLong_Cuts) {
  ModelServerOptions options;
  options.finish_s = 0.05;
  TestServer server(RandomServed("m", 65536), std::move(options));
  HttpClient stream(server.port());
  stream.Send(PostText(kCompletions, R"({"stream": true, "prompt": "x", "max_tokens": -1, "ignore_eos": true})"));
  stream.ReadUntil("data: ");
  server.server().AskToStop();
  EXPECT_THAT(stream.ReadUntil("was stopped before"), HasSubstr("\"error\":"));
  server.Join();
}

// Connections that come and go in every way, a hundred at a time.
TEST(ModelServer, ManyClientsOfAllKinds_LeaveNothingBehind) {
  const TestServer server(SayingServed("m", "abcdefghij"));
  const std::string body = R"({"prompt": "a", "temperature": 0, "stream": )";
  for (int round = 0; round < 3; ++round) {
    std::vector<std::unique_ptr<HttpClient>> clients;
    for (int i = 0; i < 100; ++i) clients.push_back(std::make_unique<HttpClient>(server.port()));
    for (size_t i = 0; i < clients.size(); ++i) {
      HttpClient& client = *clients[i];
      switch (i % 5) {
        case 0: client.Send(PostText(kCompletions, body + "true}")); break;
        case 1: client.Send(PostText(kCompletions, body + "false}")); break;
        case 2: client.Send("POST " + std::string(kCompletions) + " HTTP/1.1\r\nHost: localhost\r\nContent-Le"); break;
        case 3: client.Send(PostText(kCompletions, body + "maybe}")); break;
        case 4: client.Send(PostText(kCompletions, body + "true}")), client.Abort(); break;
      }
    }
    for (size_t i = 0; i < clients.size(); ++i) {
      if (i % 5 == 0) {
        EXPECT_EQ(clients[i]->Read().Events().back(), "[DONE]");
      }
      if (i % 5 == 1) {
        EXPECT_EQ(clients[i]->Read().status, 200);
      }
      if (i % 5 == 3) {
        EXPECT_EQ(clients[i]->Read().status, 400);
      }
    }
  }
  server.AwaitMetric("cllm_calls_open", 0);
  server.AwaitMetric("cllm_connections", 1);
}

TEST(ParseModelToServe, NamesAndPaths) {
  const auto parsed = [](const std::string& text) {
    const auto model = ParseModelToServe(text);
    return model.ok() ? model->name + "|" + model->path : "refused";
  };
  EXPECT_EQ(parsed("runs/book-1"), "book-1|runs/book-1");
  EXPECT_EQ(parsed("runs/book-1///"), "book-1|runs/book-1///");
  EXPECT_EQ(parsed("runs/book-1@latest"), "book-1@latest|runs/book-1@latest");
  EXPECT_EQ(parsed("poems=runs/book-1"), "poems|runs/book-1");
  EXPECT_EQ(parsed("a=b=c"), "a|b=c");
  for (const char* wrong : {"", "=x", "x="}) EXPECT_EQ(parsed(wrong), "refused") << wrong;
}

}  // namespace
}  // namespace cllm
