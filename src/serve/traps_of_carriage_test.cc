#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "serve/testing/traps.h"

// How requests come and answers go, and who may ask.
namespace cllm::traps {

void NamesOfModels(Servers& s) {
  for (const char* name : {"", "default", "gpt-3.5-turbo", "speaker", "anything/else:7b"}) {
    EXPECT_EQ(s.speaker.Made(kCompletions, Greedy("a", {{"model", name}}))["model"], "speaker");
  }
  EXPECT_EQ(s.two.Made(kCompletions, Greedy("a", {{"model", "org/second"}}))["choices"][0]["text"], "xyz");
  EXPECT_EQ(s.two.Made(kCompletions, Greedy("a", {{"model", "first"}}))["choices"][0]["text"], "bc");
  for (const char* name : {"", "default"}) {
    EXPECT_EQ(s.two.Made(kCompletions, Greedy("a", {{"model", name}}))["model"], "first");
  }
  for (const char* name : {"gpt-3.5-turbo", "second", "First", "first "}) {
    const Json error = ErrorOf(s.two.Post(kCompletions, Greedy("a", {{"model", name}})), 404);
    EXPECT_EQ(error["code"], "model_not_found");
    EXPECT_NE(error["message"].get<std::string>().find("'org/second'"), std::string::npos);
  }
  ErrorOf(s.two.Post(kCompletions, Greedy("a", {{"model", 5}})), 400);
}

void ErrorsHaveOneShape(Servers& s) {
  const uint16_t port = s.speaker.port();
  ErrorOf(s.speaker.Get("/nothing"), 404);
  ErrorOf(s.speaker.Get(kCompletions), 405);
  ErrorOf(s.speaker.Post("/v1/models", "{}"), 405);
  ErrorOf(Call(port, "DELETE /v1/models/speaker HTTP/1.1\r\nHost: localhost\r\n\r\n"), 405);
  ErrorOf(s.speaker.Post(kCompletions, "{"), 400);
  ErrorOf(s.speaker.Post(kCompletions, ""), 400);
  ErrorOf(s.speaker.Post(kCompletions, "[1]"), 400);
  ErrorOf(s.speaker.Post(kCompletions, std::string(5 << 20, ' ')), 413);
  ErrorOf(Call(port, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n"), 400);
  ErrorOf(Call(port, "nonsense\r\n\r\n"), 400);
  ErrorOf(Call(port, "GET / HTTP/1.1\r\n\r\n"), 400);
  ErrorOf(Call(port, GetText("/", "X-Long: " + std::string(40000, 'x') + "\r\n")), 431);
  EXPECT_EQ(s.speaker.Get(kCompletions).Header("Allow"), "POST, OPTIONS");
}

void Preflights(Servers& s) {
  const std::string asked = "Origin: https://app.example\r\nAccess-Control-Request-Method: POST\r\n"
                            "Access-Control-Request-Headers: authorization,x-stainless-os,x-stainless-lang\r\n"
                            "Access-Control-Request-Private-Network: true\r\n";
  const auto options = [&](const TestServer& server, const std::string& path) {
    return Call(server.port(), "OPTIONS " + path + " HTTP/1.1\r\nHost: localhost\r\n" + asked + "\r\n");
  };
  for (const char* path : {kChat, "/v1/models", "/", "/nowhere"}) {
    const HttpReply off = options(s.speaker, path);
    EXPECT_EQ(off.status, 204);
    EXPECT_EQ(off.Header("Access-Control-Allow-Origin"), "");
  }
  EXPECT_EQ(s.speaker.Get("/v1/models", "Origin: https://app.example\r\n").status, 403);
  ModelServerOptions with;
  with.access.cors_origins = {"https://app.example"};
  with.access.api_key = "k";
  const TestServer server(SayingServed("x", "abc"), with);
  for (const char* path : {kChat, "/v1/models"}) {
    const HttpReply on = options(server, path);
    EXPECT_EQ(on.status, 204);
    EXPECT_EQ(on.Header("Access-Control-Allow-Origin"), "https://app.example");
    EXPECT_EQ(on.Header("Access-Control-Allow-Headers"), "authorization,x-stainless-os,x-stainless-lang");
    EXPECT_EQ(on.Header("Access-Control-Allow-Private-Network"), "true");
  }
  const HttpReply asks = server.Get("/v1/models", "Origin: https://app.example\r\nAuthorization: Bearer k\r\n");
  EXPECT_EQ(asks.status, 200);
  EXPECT_EQ(asks.Header("Access-Control-Allow-Origin"), "https://app.example");
  EXPECT_EQ(server.Get("/v1/models", "Origin: https://other.example\r\nAuthorization: Bearer k\r\n").status, 403);
  EXPECT_EQ(server.Get("/v1/models", "Origin: https://app.example\r\n").status, 401);
}

void PathsInEveryForm(Servers& s) {
  for (const char* path : {"/v1/models", "/models", "/v1/models/", "//v1//models", "/v1/v1/models", "/v1/models?x=1",
                           "/v1/v1/v1/models/", "/v1/mod%65ls", "http://localhost/v1/models"}) {
    EXPECT_EQ(s.speaker.Get(path).status, 200) << path;
  }
  for (const char* path : {"/v1/completions", "/completions", "/v1/v1/completions/", "//v1/completions"}) {
    s.speaker.Made(path, Greedy("a"));
  }
  for (const char* path : {"/v2/models", "/v1models", "/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/v1/models%00x",
                           "/health/../metrics", "/%", "/api/tags"}) {
    const Json error = ErrorOf(s.speaker.Get(path), 404);
    if (std::string(path) != "/v1/models%00x") {
      EXPECT_NE(error["message"].get<std::string>().find("/v1"), std::string::npos) << path;
    }
  }
}

void Keys(Servers& s) {
  s.speaker.Made("/tokenize", {{"content", "x"}});
  EXPECT_EQ(s.speaker.Get("/v1/models", "Authorization: Bearer sk-anything\r\n").status, 200);
  ModelServerOptions options;
  options.access.api_key = "a secret";
  const TestServer server(SayingServed("x", "abc"), options);
  for (const char* good : {"Authorization: Bearer a secret\r\n", "authorization: bearer  a secret\r\n",
                           "X-Api-Key: a secret\r\n"}) {
    EXPECT_EQ(server.Get("/v1/models", good).status, 200) << good;
  }
  for (const char* bad : {"", "Authorization: Bearer a secre\r\n", "Authorization: Bearer a secrets\r\n",
                          "Authorization: Bearer \r\n", "Authorization: a secret\r\n", "X-Api-Key: A secret\r\n",
                          "Authorization: Basic YSBzZWNyZXQ=\r\n"}) {
    EXPECT_EQ(ErrorOf(server.Get("/v1/models", bad), 401)["code"], "invalid_api_key") << bad;
    ErrorOf(server.Get("/nothing", bad), 401);
    ErrorOf(Call(server.port(), PostText(kCompletions, "{}", bad)), 401);
  }
  EXPECT_EQ(server.Get("/health").status, 200);
  EXPECT_EQ(server.Get("/").status, 200);
  EXPECT_EQ(server.Get("/metrics").status, 401);
}

// Streams, plain requests and those that wait.
void GoneClientsAreCancelled(Servers&) {
  ModelServerOptions options;
  options.decoder.requests = 1;
  const TestServer server(RandomServed("long", 65536), options);
  const std::string endless = R"("prompt": "x", "max_tokens": -1, "ignore_eos": true})";
  double cancelled = 0;
  for (const std::string kind : {"stream", "plain", "waiting"}) {
    HttpClient client(server.port());
    HttpClient first(server.port());
    if (kind == "waiting") {
      first.Send(PostText(kCompletions, "{\"stream\": true, " + endless));
      first.ReadUntil("data: ");
    }
    client.Send(PostText(kCompletions, std::string(kind == "stream" ? "{\"stream\": true, " : "{") + endless));
    if (kind == "stream") client.ReadUntil("data: ");
    server.AwaitMetric("cllm_calls_open", kind == "waiting" ? 2 : 1);
    if (kind == "plain") client.Abort();
    client.Close();
    server.AwaitMetric("cllm_calls_cancelled_total", ++cancelled);
    if (kind == "waiting") {
      first.Close();
      server.AwaitMetric("cllm_calls_cancelled_total", ++cancelled);
    }
    server.AwaitMetric("cllm_calls_open", 0);
    server.AwaitMetric("cllm_requests_processing", 0);
    server.AwaitMetric("cllm_requests_deferred", 0);
  }
}

void SilentStreamsGetComments(Servers&) {
  ModelServerOptions options;
  options.decoder.requests = 1;
  options.ping_s = 0.01;
  const TestServer server(RandomServed("long", 65536), options);
  HttpClient busy(server.port()), waits(server.port());
  const std::string endless = R"({"stream": true, "prompt": "x", "max_tokens": -1, "ignore_eos": true})";
  busy.Send(PostText(kCompletions, endless));
  busy.ReadUntil("data: ");
  waits.Send(PostText(kCompletions, endless));
  const std::string head = waits.ReadUntil(": ping\n\n");
  EXPECT_NE(head.find("Cache-Control: no-cache, no-transform\r\n"), std::string::npos);
  EXPECT_NE(head.find("X-Accel-Buffering: no\r\n"), std::string::npos);
  EXPECT_NE(head.find("Content-Type: text/event-stream"), std::string::npos);
  EXPECT_EQ(head.find("event:"), std::string::npos);
}

void StreamsAreNotCompressed(Servers& s) {
  Json body = Greedy("a");
  body["stream"] = true;
  const HttpReply reply =
      Call(s.speaker.port(), PostText(kCompletions, body.dump(), "Accept-Encoding: gzip, br, zstd\r\n"));
  EXPECT_EQ(reply.Header("Content-Encoding"), "");
  EXPECT_EQ(reply.Header("Content-Type"), "text/event-stream; charset=utf-8");
  EXPECT_EQ(s.speaker.Get("/v1/models", "Accept-Encoding: gzip\r\n").Header("Content-Encoding"), "");
  EXPECT_EQ(s.speaker.Get("/", "Accept-Encoding: gzip\r\n").Header("Content-Encoding"), "gzip");
  EXPECT_EQ(s.speaker.Get("/", "Accept-Encoding: br\r\n").Header("Content-Encoding"), "");
}

void Carriage(Servers& s) {
  const uint16_t port = s.speaker.port();
  for (const char* path : {"/", "/health", "/v1/models", "/metrics"}) {
    const HttpReply get = s.speaker.Get(path);
    HttpClient client(port);
    client.Send("HEAD " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const HttpReply head = client.Read(true);
    EXPECT_EQ(head.status, 200);
    if (std::string(path) != "/metrics") {
      EXPECT_EQ(head.Header("Content-Length"), get.Header("Content-Length"));
    }
    client.Send(GetText("/health"));  // nothing was sent after the head
    EXPECT_EQ(client.Read().body, "{\"status\":\"ok\"}\n");
  }
  const std::string body = Greedy("a").dump();
  // Expect: 100-continue, whose body comes after leave.
  HttpClient waits(port);
  waits.Send("POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: " +
             std::to_string(body.size()) + "\r\n\r\n");
  EXPECT_EQ(waits.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  waits.Send(body);
  EXPECT_EQ(waits.Read().status, 200);
  ErrorOf(Call(port, PostText(kCompletions, body, "Expect: miracles\r\n")), 417);
  // HTTP/1.0: plain, and as a stream that ends with the connection.
  HttpClient old(port);
  old.Send("GET /health HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.Read().status, 200);
  EXPECT_TRUE(old.ReadsEnd());
  const std::string streamed = Greedy("a", {{"stream", true}}).dump();
  const HttpReply stream = Call(port, "POST /v1/completions HTTP/1.0\r\nContent-Length: " +
                                          std::to_string(streamed.size()) + "\r\n\r\n" + streamed);
  EXPECT_EQ(stream.Header("Transfer-Encoding"), "");
  EXPECT_EQ(stream.Events().back(), "[DONE]");
  // A body in chunks, each byte one of its own.
  std::string chunked = "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const char c : body) chunked += "1\r\n" + std::string(1, c) + "\r\n";
  EXPECT_EQ(Call(port, chunked + "0\r\n\r\n").status, 200);
  // Keep-alive after errors, and after streams.
  HttpClient keeps(port);
  for (const std::string& request : {PostText(kCompletions, "{"), GetText("/nothing"), PostText(kCompletions, streamed),
                                     PostText(kCompletions, body), GetText(kCompletions)}) {
    ASSERT_TRUE(keeps.Send(request));
    EXPECT_NE(keeps.Read().status, 0);
  }
  // Pipelined, with the client's end after the last: answered in order.
  HttpClient pipes(port);
  pipes.Send(PostText(kCompletions, body) + GetText("/health") + PostText(kCompletions, streamed) +
             GetText("/nothing"));
  EXPECT_EQ(Json::parse(pipes.Read().body)["choices"][0]["text"], "bcdefghij");
  EXPECT_EQ(pipes.Read().body, "{\"status\":\"ok\"}\n");
  EXPECT_EQ(pipes.Read().Events().back(), "[DONE]");
  EXPECT_EQ(pipes.Read().status, 404);
}

void ContentTypesAndMarks(Servers& s) {
  const std::string body = Greedy("a").dump();
  const auto post = [&](const std::string& type, const std::string& text) {
    return Call(s.speaker.port(), "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\n" + type + "Content-Length: " +
                                      std::to_string(text.size()) + "\r\n\r\n" + text);
  };
  for (const char* type : {"", "Content-Type: application/json; charset=utf-8\r\n", "Content-Type: text/plain\r\n",
                           "Content-Type: application/x-www-form-urlencoded\r\n"}) {
    EXPECT_EQ(post(type, body).status, 200) << type;
  }
  EXPECT_EQ(post("", "\xef\xbb\xbf" + body).status, 200);
  EXPECT_EQ(post("", " \r\n\t" + body + "\n").status, 200);
  EXPECT_EQ(post("", body + "x").status, 400);
}

void BothLoopbacks(Servers& s) {
  HttpClient v6(s.speaker.port(), "::1");
  if (!v6.connected()) GTEST_SKIP() << "no IPv6 here";
  v6.Send("GET /health HTTP/1.1\r\nHost: [::1]:" + std::to_string(s.speaker.port()) + "\r\n\r\n");
  EXPECT_EQ(v6.Read().status, 200);
  for (const char* host : {"localhost", "LOCALHOST:80", "127.0.0.1:9", "[::1]", "app.localhost"}) {
    const HttpReply reply = Call(s.speaker.port(), "GET /health HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n");
    EXPECT_EQ(reply.status, 200) << host;
  }
  for (const char* host :
       {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "evil:80", ""}) {
    const HttpReply reply = Call(s.speaker.port(), "GET /health HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n");
    ErrorOf(reply, 403);
  }
}

void ListOfModels(Servers& s) {
  const Json list = Json::parse(s.two.Get("/v1/models").body);
  EXPECT_EQ(list["object"], "list");
  ASSERT_EQ(list["data"].size(), 2u);
  EXPECT_EQ(list["data"][1]["id"], "org/second");
  for (const Json& model : list["data"]) {
    EXPECT_EQ(model["object"], "model");
    EXPECT_TRUE(model["created"].is_number_integer());
    EXPECT_EQ(model["owned_by"], "cllm");
    EXPECT_EQ(model["meta"]["n_ctx_train"], 64);
  }
  for (const char* path : {"/v1/models/org/second", "/v1/models/org%2Fsecond", "/models/org%2fsecond/"}) {
    EXPECT_EQ(Json::parse(s.two.Get(path).body)["id"], "org/second") << path;
  }
  EXPECT_EQ(ErrorOf(s.two.Get("/v1/models/third"), 404)["code"], "model_not_found");
  EXPECT_EQ(Json::parse(s.two.Get("/props?model=org%2Fsecond").body)["model_alias"], "org/second");
}

// More calls than fit: they wait, and the rest is refused with a word on when to come again.
void ManyAtOnce(Servers&) {
  ModelServerOptions options;
  options.decoder.requests = 1;
  options.waiting = 2;
  const TestServer server(RandomServed("long", 65536), options);
  const std::string endless = R"({"prompt": "x", "max_tokens": -1, "ignore_eos": true})";
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (double open = 1; open <= 3; ++open) {
    clients.push_back(std::make_unique<HttpClient>(server.port()));
    clients.back()->Send(PostText(kCompletions, endless));
    server.AwaitMetric("cllm_calls_open", open);
  }
  const HttpReply refused = server.Post(kCompletions, endless);
  ErrorOf(refused, 429);
  EXPECT_EQ(refused.Header("Retry-After"), "1");
  EXPECT_EQ(server.Get("/health").status, 200);
  clients.pop_back();
  server.AwaitMetric("cllm_calls_open", 2);
  clients.push_back(std::make_unique<HttpClient>(server.port()));
  clients.back()->Send(PostText(kCompletions, endless));
  server.AwaitMetric("cllm_calls_open", 3);
}

void Embeddings(Servers& s) {
  const Json error = ErrorOf(s.speaker.Post("/v1/embeddings", Json{{"input", "x"}}), 404);
  EXPECT_NE(error["message"].get<std::string>().find("embeddings"), std::string::npos);
}

}  // namespace cllm::traps
