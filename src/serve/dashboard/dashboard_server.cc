#include "serve/dashboard/dashboard_server.h"

#include <fmt/format.h>

#include <utility>

#include "base/system.h"
#include "base/thread_priority.h"
#include "monitor/queued_observer.h"
#include "monitor/thinned_observer.h"
#include "serve/api_error.h"
#include "serve/dashboard/dashboard_service.h"
#include "serve/dashboard/live_run.h"
#include "serve/http_server.h"

namespace cllm {
namespace {

constexpr double kBetweenSteps_s = 0.25;  // that a live run tells
constexpr double kLookForEnd_s = 0.05, kLastWords_s = 2;

// Thins what a trainer tells, on its thread, and hands the rest to a thread of its own.
class TrainerSide final : public RunObserver {
 public:
  explicit TrainerSide(std::shared_ptr<LiveRun> run)
      : queue_(std::make_unique<LiveRunObserver>(std::move(run))),
        thinned_(queue_, kBetweenSteps_s, MonotonicSeconds) {}
  void OnStep(const StepEvent& event) override { thinned_.OnStep(event); }
  void OnPhase(const PhaseEvent& event) override { thinned_.OnPhase(event); }
  void OnEnd(const EndEvent& event) override { thinned_.OnEnd(event); }

 private:
  QueuedObserver queue_;
  ThinnedObserver thinned_;
};

class Dashboard final : public DashboardServer {
 public:
  explicit Dashboard(DashboardOptions options) : options_(std::move(options)) {}
  ~Dashboard() override { service_.reset(); }

  Status Open() {
    CLLM_TRY(ListenAtOneOfThePorts());
    service_ = std::make_unique<DashboardService>(
        options_, [this](std::function<void()> work) { http_->Post(std::move(work)); }, url(), port());
    http_->Every(options_.poll_s, [this] { service_->Poll(); });
    http_->Every(options_.ping_s, [this] { service_->KeepAlive(); });
    if (options_.takes_signals) http_->OnSignals([this](int signal) { OnAsked(signal); });
    return {};
  }

  uint16_t port() const override { return http_->port(); }

  std::string url() const override {
    const std::string& address = http_->addresses().front();
    return fmt::format("http://{}:{}/", address.find(':') == address.npos ? address : "[" + address + "]", port());
  }

  std::unique_ptr<RunObserver> Show(const std::string& run, RunControl& control) override {
    auto live = std::make_shared<LiveRun>(run, control);
    service_->AddLive(live);
    return std::make_unique<TrainerSide>(std::move(live));
  }

  void AddPlace(const std::string& place) override { service_->AddPlace(place); }

  int Run() override {
    LowerThreadPriority(options_.niceness);
    http_->Run();
    return signal_;
  }

  void AskToStop() override {
    http_->Post([this] { OnAsked(0); });
  }

 private:
  Status ListenAtOneOfThePorts() {
    Status listening;
    for (uint32_t further = 0; further <= options_.further_ports; ++further) {
      auto http = HttpServer::Listen(
          options_.addresses, static_cast<uint16_t>(options_.port + further), options_.http,
          [this](const std::shared_ptr<HttpExchange>& exchange) { service_->Handle(exchange); },
          [](int status, const std::string& sentence) { return ErrorAnswer(StatusError(status, sentence)); });
      if (http.ok()) {
        http_ = *std::move(http);
        return {};
      }
      if (listening.ok()) listening = http.status();  // of the port that was wanted
    }
    return listening;
  }

  void OnAsked(int signal) {
    if (asked_) return http_->Stop();
    asked_ = true;
    signal_ = signal;
    http_->CloseDoors();
    service_->Poll([this] {
      service_->EndStreams();
      ended_at_s_ = MonotonicSeconds();
      http_->Every(kLookForEnd_s, [this] {
        if (http_->connections() == 0 || MonotonicSeconds() - ended_at_s_ > kLastWords_s) http_->Stop();
      });
    });
  }

  const DashboardOptions options_;
  std::unique_ptr<HttpServer> http_;
  std::unique_ptr<DashboardService> service_;
  bool asked_ = false;
  int signal_ = 0;
  double ended_at_s_ = 0;
};

}  // namespace

Result<std::unique_ptr<DashboardServer>> DashboardServer::Start(DashboardOptions options) {
  auto server = std::make_unique<Dashboard>(std::move(options));
  CLLM_TRY(server->Open());
  return std::unique_ptr<DashboardServer>(std::move(server));
}

// SSH_CONNECTION is "CLIENT PORT SERVER PORT": the address that who sits there has reached this machine by.
std::string TunnelCommand(uint16_t port) {
  std::string host = HostName();
  if (const auto connection = EnvironmentVariable("SSH_CONNECTION")) {
    const size_t first = connection->find(' '), second = connection->find(' ', first + 1);
    const size_t third = connection->find(' ', second + 1);
    if (second != connection->npos && third != connection->npos)
      host = connection->substr(second + 1, third - second - 1);
  }
  const std::string user = EnvironmentVariable("USER").value_or("");
  return fmt::format("ssh -N -L {}:localhost:{} {}{}", port, port, user.empty() ? "" : user + "@", host);
}

}  // namespace cllm
