#include "serve/http_server.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <set>
#include <utility>

#include "serve/http_connection.h"

namespace cllm {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Error = boost::system::error_code;

constexpr int kTriesForOnePort = 20;
constexpr auto kAcceptAgain = std::chrono::milliseconds(50);

constexpr rlim_t kOtherDescriptors = 64;

// Of `wanted` connections, how many this process may have; its soft limit is raised as far as that needs.
size_t PossibleConnections(size_t wanted) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  const rlim_t needed = wanted + kOtherDescriptors;
  if (limit.rlim_cur < needed) {
    limit.rlim_cur = std::min<rlim_t>(needed, limit.rlim_max);
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
  }
  if (limit.rlim_cur >= needed) return wanted;
  return std::max<size_t>(1,
                          limit.rlim_cur > kOtherDescriptors ? limit.rlim_cur - kOtherDescriptors : limit.rlim_cur / 2);
}

class AsioServer final : public HttpServer {
 public:
  AsioServer(const HttpLimits& limits, Handler handler, Refusal refusal)
      : hub_{.limits = limits,
             .handler = std::move(handler),
             .refusal = std::move(refusal),
             .on_closed = [this](HttpConnection& connection) { Remove(connection); }},
        signals_(loop_) {
    hub_.limits.connections = PossibleConnections(limits.connections);
  }

  ~AsioServer() override { CutConnections(); }

  Status Bind(const std::vector<std::string>& addresses, uint16_t port) {
    Status bound;
    for (int i = 0; i < kTriesForOnePort; ++i) {
      bound = BindOnce(addresses, port);
      if (bound.ok() || port != 0) break;
    }
    if (!bound.ok()) return bound;
    for (auto& acceptor : acceptors_) Accept(*acceptor);
    return {};
  }

  uint16_t port() const override { return port_; }
  const std::vector<std::string>& addresses() const override { return addresses_; }
  void Run() override { loop_.run(); }
  void Post(std::function<void()> work) override { asio::post(loop_, std::move(work)); }
  size_t connections() const override { return connections_.size(); }

  void Every(double seconds, std::function<void()> work) override {
    timers_.push_back(std::make_unique<asio::steady_timer>(loop_));
    Repeat(*timers_.back(), std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                                std::chrono::duration<double>(seconds)),
           std::make_shared<const std::function<void()>>(std::move(work)));
  }

  void OnSignals(std::function<void(int signal)> on_signal) override {
    struct sigaction hangup = {};
    const bool ignored = sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler == SIG_IGN;
    signals_.add(SIGINT);
    signals_.add(SIGTERM);
    if (!ignored) signals_.add(SIGHUP);
    AwaitSignal(std::move(on_signal));
  }

  void CloseDoors() override {
    hub_.doors_closed = true;
    Error ignored;
    for (auto& acceptor : acceptors_) acceptor->close(ignored);
    const auto present = connections_;
    for (const auto& connection : present) {
      if (connection->idle()) connection->Close();
    }
  }

  void Stop() override { loop_.stop(); }

 private:
  // All addresses at one port; one that the machine does not have is passed by.
  Status BindOnce(const std::vector<std::string>& addresses, uint16_t port) {
    acceptors_.clear();
    addresses_.clear();
    port_ = port;
    Status missing;
    for (const std::string& text : addresses) {
      Error error;
      const auto address = asio::ip::make_address(text, error);
      if (error) return Usage(fmt::format("'{}' is no address, expected one such as 127.0.0.1 or ::1", text));
      auto acceptor = std::make_unique<tcp::acceptor>(loop_);
      Open(*acceptor, {address, port_}, error);
      if (!error) {
        port_ = acceptor->local_endpoint().port();
        acceptors_.push_back(std::move(acceptor));
        addresses_.push_back(text);
        continue;
      }
      const std::string where = address.is_v6() ? "[" + text + "]" : text;
      const Status failed = Failed(fmt::format("{}:{}: cannot be listened at: {}{}", where, port_, error.message(),
                                               error == asio::error::address_in_use ? "; --port N names another" : ""));
      const bool absent = error == asio::error::address_family_not_supported ||
                          error == boost::system::errc::address_not_available;
      if (!absent) return failed;
      missing = failed;
    }
    return acceptors_.empty() ? missing : Status();
  }

  static void Open(tcp::acceptor& acceptor, const tcp::endpoint& endpoint, Error& error) {
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error && endpoint.protocol() == tcp::v6()) acceptor.set_option(asio::ip::v6_only(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  }

  void Accept(tcp::acceptor& acceptor) {
    acceptor.async_accept([this, &acceptor](const Error& error, tcp::socket socket) {
      if (error == asio::error::operation_aborted || hub_.doors_closed) return;
      if (!error) {
        const auto connection = std::make_shared<HttpConnection>(std::move(socket), hub_);
        connections_.insert(connection);
        connection->Start();
        if (connections_.size() < hub_.limits.connections || CloseAnIdleOne(connection)) return Accept(acceptor);
      }
      if (error) CloseAnIdleOne();
      // No room, or no descriptor: those who come wait.
      AcceptLater(acceptor);
    });
  }

  void AcceptLater(tcp::acceptor& acceptor) {
    auto timer = std::make_shared<asio::steady_timer>(loop_, kAcceptAgain);
    timer->async_wait([this, &acceptor, timer](const Error&) {
      if (hub_.doors_closed) return;
      if (connections_.size() < hub_.limits.connections || CloseAnIdleOne()) return Accept(acceptor);
      AcceptLater(acceptor);
    });
  }

  // The one that is idle for longest, but not one that has just come.
  bool CloseAnIdleOne(const std::shared_ptr<HttpConnection>& newest = nullptr) {
    const auto since = [&](const std::shared_ptr<HttpConnection>& each) {
      return each->idle() && each != newest ? each->idle_since() : std::chrono::steady_clock::time_point::max();
    };
    const auto longest = std::ranges::min_element(connections_, {}, since);
    if (longest == connections_.end() || !(*longest)->idle() || *longest == newest) return false;
    const auto connection = *longest;
    connection->Close();
    return true;
  }

  void Remove(HttpConnection& connection) { connections_.erase(connection.shared_from_this()); }

  void CutConnections() {
    const auto present = std::exchange(connections_, {});
    for (const auto& connection : present) connection->Close();
  }

  void Repeat(asio::steady_timer& timer, std::chrono::steady_clock::duration apart,
              const std::shared_ptr<const std::function<void()>>& work) {
    timer.expires_after(apart);
    timer.async_wait([this, &timer, apart, work](const Error& error) {
      if (error) return;
      (*work)();
      Repeat(timer, apart, work);
    });
  }

  void AwaitSignal(std::function<void(int signal)> on_signal) {
    signals_.async_wait([this, on_signal = std::move(on_signal)](const Error& error, int signal) mutable {
      if (error) return;
      on_signal(signal);
      AwaitSignal(std::move(on_signal));
    });
  }

  HttpHub hub_;  // outlives the connections, which live as long as the loop has something of theirs
  asio::io_context loop_{1};
  asio::signal_set signals_;
  std::vector<std::unique_ptr<asio::steady_timer>> timers_;
  std::vector<std::unique_ptr<tcp::acceptor>> acceptors_;
  std::vector<std::string> addresses_;
  uint16_t port_ = 0;
  std::set<std::shared_ptr<HttpConnection>> connections_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::Listen(const std::vector<std::string>& addresses, uint16_t port,
                                                       const HttpLimits& limits, Handler handler, Refusal refusal) {
  auto server = std::make_unique<AsioServer>(limits, std::move(handler), std::move(refusal));
  CLLM_TRY(server->Bind(addresses, port));
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace cllm
