#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "serve/dashboard/dashboard_server.h"
#include "serve/testing/http_client.h"

namespace cllm {

using Json = nlohmann::json;

// A dashboard on a thread of its own, at a free port.
class TestDashboard {
 public:
  explicit TestDashboard(DashboardOptions options) {
    options.port = 0;
    options.poll_s = 0.01;
    auto started = DashboardServer::Start(std::move(options));
    EXPECT_TRUE(started.ok()) << started.status().message();
    server_ = *std::move(started);
  }
  explicit TestDashboard(const std::string& place) : TestDashboard(DashboardOptions{.places = {place}}) { Run(); }
  ~TestDashboard() {
    server_->AskToStop();
    server_->AskToStop();
  }

  void Run() {
    thread_ = std::jthread([this] { server_->Run(); });
    const std::string page = Get("/").body, name = "name=\"cllm-token\" content=\"";
    const size_t at = page.find(name);
    if (at != page.npos) token_ = page.substr(at + name.size(), page.find('"', at + name.size()) - at - name.size());
  }
  DashboardServer& server() { return *server_; }
  uint16_t port() const { return server_->port(); }
  const std::string& token() const { return token_; }  // of the page

  HttpReply Get(const std::string& path, const std::string& more = "") const {
    return Call(port(), GetText(path, more));
  }
  // The JSON of an answer with status 200.
  Json Got(const std::string& path) const {
    const HttpReply reply = Get(path);
    EXPECT_EQ(reply.status, 200) << path << "\n" << reply.body;
    return Json::parse(reply.body, nullptr, false);
  }
  // Asks until the answer is as wanted.
  template <typename Wanted>
  Json GotWhen(const std::string& path, const Wanted& wanted) const {
    for (;;) {
      Json got = Got(path);
      if (wanted(got) || ::testing::Test::HasFailure()) return got;
      std::this_thread::yield();
    }
  }
  // With the page's token.
  HttpReply Post(const std::string& path, const Json& body = Json::object()) const {
    return Call(port(), PostText(path, body.dump(), "X-Cllm-Token: " + token_ + "\r\n"));
  }

 private:
  std::unique_ptr<DashboardServer> server_;
  std::string token_;
  std::jthread thread_;  // last: it runs the server
};

// A stream of events that is being read.
class EventReader {
 public:
  EventReader(uint16_t port, const std::string& path) : client_(port) { client_.Send(GetText(path)); }
  // The data of the next event of that kind; discarded JSON if the stream ends before.
  Json Next(const std::string& kind) {
    client_.ReadUntil("event: " + kind + "\n");
    client_.ReadUntil("data: ");
    const std::string data = client_.ReadUntil("\n\n");
    return Json::parse(data.substr(0, data.find('\n')), nullptr, false);
  }
  // Whether the stream comes to its end after what is still to be read.
  bool Ends() { return client_.ReadUntil("\r\n0\r\n\r\n").ends_with("0\r\n\r\n"); }
  void Leave() { client_.Abort(); }

 private:
  HttpClient client_;
};

}  // namespace cllm
