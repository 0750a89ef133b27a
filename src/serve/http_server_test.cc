#include "serve/http_server.h"

#include <gtest/gtest.h>

#include <thread>

#include "serve/testing/http_client.h"

namespace cllm {
namespace {

HttpLimits Small() {
  return {.connections = 8, .head_bytes = 2000, .body_bytes = 1000, .all_body_bytes = 4000, .unsent_bytes = 10000};
}

// Answers with what it was asked; "/stream" as a stream, "/lost" never, "/wait" when the test says so.
class HttpServers : public testing::Test {
 protected:
  void Start(const HttpLimits& limits = Small()) {
    auto server = HttpServer::Listen(
        {"127.0.0.1"}, 0, limits, [this](const std::shared_ptr<HttpExchange>& exchange) { Handle(exchange); },
        [](int status, const std::string& sentence) {
          return HttpAnswer{.status = status, .content_type = "text/plain", .body = sentence};
        });
    ASSERT_TRUE(server.ok()) << server.status().message();
    server_ = *std::move(server);
    loop_ = std::jthread([this] { server_->Run(); });
  }
  void TearDown() override {
    if (!server_) return;
    server_->Post([this] { server_->Stop(); });
    loop_.join();
    waiting_.clear();
    server_.reset();
  }
  void Handle(const std::shared_ptr<HttpExchange>& exchange) {
    const HttpRequest& request = exchange->request();
    if (request.target == "/lost") return;
    if (request.target == "/wait") {
      exchange->OnGone([this] { ++gone_; });
      waiting_.push_back(exchange);
      ++handled_;
      return;
    }
    if (request.target != "/stream") {
      return exchange->Answer({.content_type = "text/plain", .body = request.method + " " + request.body});
    }
    exchange->BeginStream({.content_type = "text/plain"});
    for (const char* piece : {"one", "", "two"}) exchange->Send(piece);
    exchange->EndStream();
  }
  HttpReply Ask(const std::string& request) { return Call(server_->port(), request); }
  static void Await(const std::atomic<int>& number, int value) {
    while (number != value) std::this_thread::yield();
  }

  std::unique_ptr<HttpServer> server_;
  std::jthread loop_;
  std::vector<std::shared_ptr<HttpExchange>> waiting_;
  std::atomic<int> gone_ = 0, handled_ = 0;
};

TEST_F(HttpServers, AnswersAndStreams) {
  Start();
  const HttpReply plain = Ask(PostText("/", "body"));
  EXPECT_EQ(plain.status, 200);
  EXPECT_EQ(plain.body, "POST body");
  EXPECT_EQ(plain.Header("Connection"), "keep-alive");
  EXPECT_FALSE(plain.Header("Date").empty());
  const HttpReply stream = Ask(GetText("/stream"));
  EXPECT_EQ(stream.chunks, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(Ask(GetText("/lost")).status, 500);
  EXPECT_EQ(Ask("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").Header("Connection"), "close");
}

TEST_F(HttpServers, LimitsOnHeadAndBody) {
  Start();
  EXPECT_EQ(Ask(PostText("/", std::string(1000, 'x'))).status, 200);
  EXPECT_EQ(Ask(PostText("/", std::string(1001, 'x'))).status, 413);
  EXPECT_EQ(Ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n").status, 400);
  EXPECT_EQ(Ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551615\r\n\r\n").status, 413);
  EXPECT_EQ(Ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n").status, 400);
  std::string chunked = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 11; ++i) chunked += "64\r\n" + std::string(100, 'x') + "\r\n";
  EXPECT_EQ(Ask(chunked).status, 413);
  EXPECT_EQ(Ask("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx").status, 413);
  EXPECT_EQ(Ask("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n").status, 400);
  EXPECT_EQ(Ask(GetText("/" + std::string(3000, 'x'))).status, 431);
  EXPECT_EQ(Ask("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").status, 400);
  EXPECT_EQ(Ask("GET / HTTP/9.9\r\nHost: a\r\n\r\n").status, 400);
  EXPECT_EQ(Ask("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 GET\r\n\r\n").status, 400);  // a greeting of TLS
}

TEST_F(HttpServers, SlowClients_AreNotWaitedFor) {
  HttpLimits limits = Small();
  limits.head_s = limits.body_s = 0.05;
  Start(limits);
  HttpClient head(server_->port()), body(server_->port());
  head.Send("GET / HT");
  EXPECT_EQ(head.Read().status, 408);
  EXPECT_TRUE(head.ReadsEnd());
  body.Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n123");
  EXPECT_EQ(body.Read().status, 408);
  EXPECT_TRUE(body.ReadsEnd());
}

TEST_F(HttpServers, IdleConnections_AreClosedAfterAWhile) {
  HttpLimits limits = Small();
  limits.idle_s = 0.02;
  Start(limits);
  EXPECT_TRUE(HttpClient(server_->port()).ReadsEnd());
}

TEST_F(HttpServers, TooMuchBodyInAll_IsRefused) {
  HttpLimits limits = Small();
  limits.all_body_bytes = 1500;
  Start(limits);
  HttpClient first(server_->port());
  first.Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" + std::string(999, 'x'));
  // Until the server has read what is there, a second one may still find room.
  HttpReply second;
  do {
    second = Ask(PostText("/", std::string(900, 'x')));
  } while (second.status == 200);
  EXPECT_EQ(second.status, 503);
  first.Send("x");
  EXPECT_EQ(first.Read().status, 200);
  EXPECT_EQ(Ask(PostText("/", std::string(900, 'x'))).status, 200);
}

TEST_F(HttpServers, ClientThatGoes_IsTold_InEveryWayOfGoing) {
  Start();
  int gone = 0;
  for (int way = 0; way < 3; ++way) {
    HttpClient client(server_->port());
    client.Send(GetText("/wait"));
    Await(handled_, way + 1);
    if (way == 0) client.Close();
    if (way == 1) client.Abort();
    if (way == 2) client.HalfClose();
    Await(gone_, ++gone);
  }
}

TEST_F(HttpServers, AnswerAfterLong_ReachesAClientThatPipelines) {
  Start();
  HttpClient client(server_->port());
  client.Send(GetText("/wait") + PostText("/", "second"));
  Await(handled_, 1);
  server_->Post([this] { waiting_.back()->Answer({.content_type = "text/plain", .body = "first"}); });
  EXPECT_EQ(client.Read().body, "first");
  EXPECT_EQ(client.Read().body, "POST second");
}

// More connections than there may be: idle ones make room, and whoever waits comes to be answered.
TEST_F(HttpServers, ManyConnections_AllAreAnswered) {
  Start();
  std::vector<std::unique_ptr<HttpClient>> idle;
  for (int i = 0; i < 40; ++i) {
    idle.push_back(std::make_unique<HttpClient>(server_->port()));
    EXPECT_EQ(Ask(PostText("/", std::to_string(i))).body, "POST " + std::to_string(i));
  }
}

TEST_F(HttpServers, ClientThatDoesNotRead_IsCutAndLosesNothingOfOthers) {
  Start();
  HttpClient client(server_->port());
  client.Send(GetText("/wait"));
  Await(handled_, 1);
  // More than the system's buffers and ours hold.
  for (int i = 0; i < 20 && gone_ == 0; ++i) {
    std::atomic<bool> sent = false;
    server_->Post([&] {
      if (i == 0) waiting_.back()->BeginStream({});
      waiting_.back()->Send(std::string(1 << 20, 'x'));
      sent = true;
    });
    while (!sent) std::this_thread::yield();
  }
  Await(gone_, 1);
  EXPECT_EQ(Ask(PostText("/", "x")).status, 200);
}

TEST_F(HttpServers, PortThatIsTaken_IsNamed) {
  Start();
  const auto refusal = [](int, const std::string&) { return HttpAnswer(); };
  const auto second = HttpServer::Listen({"127.0.0.1"}, server_->port(), {}, {}, refusal);
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.status().message().find(std::to_string(server_->port())), std::string::npos);
  EXPECT_NE(second.status().message().find("--port"), std::string::npos);
  EXPECT_FALSE(HttpServer::Listen({"300.1.1.1"}, 0, {}, {}, refusal).ok());
  EXPECT_FALSE(HttpServer::Listen({"203.0.113.7"}, 0, {}, {}, refusal).ok());  // not this machine's
}

TEST(AnswerHead, HasWhatEveryAnswerHas) {
  const std::string head = AnswerHead({.status = 404, .headers = {{"A", "b"}}}, "Connection: close\r\n");
  EXPECT_TRUE(head.starts_with("HTTP/1.1 404 Not Found\r\nServer: cllm\r\nDate: ")) << head;
  EXPECT_NE(head.find("\r\nA: b\r\nConnection: close\r\n\r\n"), std::string::npos);
}

}  // namespace
}  // namespace cllm
