#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "infer/testing/models.h"
#include "serve/model_server.h"
#include "serve/testing/http_client.h"

namespace cllm {

using Json = nlohmann::json;

// A byte model of random weights, named as said: its texts are of all kinds of bytes.
inline std::unique_ptr<ServedModel> RandomServed(const std::string& name, size_t context, uint64_t seed = 1,
                                                 Storage storage = Storage::kF32) {
  const ModelShape shape{.layers = 1, .heads = 2, .width = 32, .hidden = 64, .context = context, .vocabulary = 259};
  return std::make_unique<ServedModel>(ServedModel::Parts{.name = name,
                                                          .stored = StoredInMemory(RandomModel(shape, seed, 8)),
                                                          .tokenizer = Tokenizer::Bytes(),
                                                          .storage = storage,
                                                          .created = 1700000000,
                                                          .program = "cllm test"});
}

// One that says `text` (no byte twice) from the beginning, or from any of its bytes on; then it ends.
inline std::unique_ptr<ServedModel> SayingServed(const std::string& name, const std::string& text,
                                                 size_t context = 64) {
  return std::make_unique<ServedModel>(
      ServedModel::Parts{.name = name,
                         .stored = StoredInMemory(SuccessorModel(Saying(text), context)),
                         .tokenizer = Tokenizer::Bytes(),
                         .created = 1700000000,
                         .program = "cllm test"});
}

// A server on a thread of its own, at a free port.
class TestServer {
 public:
  explicit TestServer(std::vector<std::unique_ptr<ServedModel>> models, ModelServerOptions options = {}) {
    options.port = 0;
    auto started = ModelServer::Start(std::move(models), nullptr, std::move(options));
    EXPECT_TRUE(started.ok()) << started.status().message();
    server_ = *std::move(started);
    thread_ = std::jthread([this] { signal_ = server_->Run(); });
  }
  explicit TestServer(std::unique_ptr<ServedModel> model, ModelServerOptions options = {})
      : TestServer(Only(std::move(model)), std::move(options)) {}
  ~TestServer() {
    if (!thread_.joinable()) return;
    server_->AskToStop();
    server_->AskToStop();
  }

  uint16_t port() const { return server_->port(); }
  ModelServer& server() { return *server_; }
  void Join() { thread_.join(); }

  HttpReply Post(const std::string& path, const std::string& body, const std::string& more = "") const {
    return Call(port(), PostText(path, body, more));
  }
  HttpReply Post(const std::string& path, const char* body) const { return Post(path, std::string(body)); }
  HttpReply Post(const std::string& path, const Json& body) const { return Post(path, body.dump()); }
  HttpReply Get(const std::string& path, const std::string& more = "") const {
    return Call(port(), GetText(path, more));
  }
  // The answer's JSON, which has to be one of status 200.
  Json Made(const std::string& path, const Json& body) const {
    const HttpReply reply = Post(path, body);
    EXPECT_EQ(reply.status, 200) << path << " " << body.dump() << "\n" << reply.body;
    return Json::parse(reply.body, nullptr, false);
  }
  // The chunks of a stream without "[DONE]", which has to come last.
  std::vector<Json> Streamed(const std::string& path, Json body) const {
    body["stream"] = true;
    const HttpReply reply = Post(path, body);
    EXPECT_EQ(reply.status, 200) << reply.body;
    EXPECT_TRUE(reply.whole);
    std::vector<std::string> events = reply.Events();
    EXPECT_TRUE(!events.empty() && events.back() == "[DONE]") << reply.body;
    std::vector<Json> chunks;
    for (size_t i = 0; i + 1 < events.size(); ++i) chunks.push_back(Json::parse(events[i]));
    return chunks;
  }
  // A number of /metrics.
  double Metric(const std::string& name) const {
    const std::string text = "\n" + Get("/metrics").body;
    const size_t at = text.find("\n" + name + " ");
    return at == text.npos ? -1 : std::stod(text.substr(at + name.size() + 2));
  }
  // Waits until a number of /metrics is as said.
  void AwaitMetric(const std::string& name, double value) const {
    while (Metric(name) != value) std::this_thread::yield();
  }

 private:
  static std::vector<std::unique_ptr<ServedModel>> Only(std::unique_ptr<ServedModel> model) {
    std::vector<std::unique_ptr<ServedModel>> models;
    models.push_back(std::move(model));
    return models;
  }

  std::unique_ptr<ModelServer> server_;
  int signal_ = -1;
  std::jthread thread_;  // last: it runs the server
};

// The text of a stream's chunks, of one choice.
inline std::string TextOf(const std::vector<Json>& chunks, size_t index = 0) {
  std::string text;
  for (const Json& chunk : chunks) {
    for (const Json& choice : chunk["choices"]) {
      if (choice["index"] != index) continue;
      if (choice.contains("text")) text += choice["text"].get<std::string>();
      if (choice.contains("delta")) text += choice["delta"].value("content", "");
    }
  }
  return text;
}

}  // namespace cllm
