#include "serve/model_server.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/system.h"
#include "serve/http_server.h"
#include "serve/service.h"

namespace cllm {
namespace {

constexpr double kLookAround_s = 0.05;  // between looks at whether a stop may end
constexpr double kFlush_s = 3;          // for clients to take the last bytes

class Server final : public ModelServer {
 public:
  Server(std::vector<std::unique_ptr<ServedModel>> models, ModelServerOptions options)
      : options_(std::move(options)), models_(std::move(models)) {}

  ~Server() override {
    decoding_.reset();  // sends no more events
    service_.reset();
  }

  Status Open(Spheres* pool) {
    CLLM_ASSIGN(http_, HttpServer::Listen(
                           options_.addresses, options_.port, options_.http,
                           [this](const std::shared_ptr<HttpExchange>& exchange) {
                             service_->Handle(exchange, http_->connections());
                           },
                           [](int status, const std::string& sentence) {
                             return ErrorAnswer(StatusError(status, sentence));
                           }));
    const std::vector<const Weights*> weights = models_.AllWeights();
    decoding_.emplace(weights, pool, options_.decoder, [this](std::vector<DecodingEvent> events) {
      http_->Post([this, shared = std::make_shared<std::vector<DecodingEvent>>(std::move(events))] {
        service_->OnEvents(std::move(*shared));
      });
    });
    service_ = std::make_unique<Service>(
        models_, options_,
        Service::Decoding{.submit = [this](DecodingJob job) { decoding_->Submit(std::move(job)); },
                          .cancel = [this](uint64_t job) { decoding_->Cancel(job); },
                          .statistics = [this] { return decoding_->statistics(); }},
        base_url());
    http_->Every(options_.ping_s, [this] { service_->KeepAlive(); });
    if (options_.takes_signals) http_->OnSignals([this](int signal) { OnAsked(signal); });
    return {};
  }

  uint16_t port() const override { return http_->port(); }

  std::string base_url() const override {
    const std::string& address = http_->addresses().front();
    const bool v6 = address.find(':') != address.npos;
    return fmt::format("http://{}:{}/v1", v6 ? "[" + address + "]" : address, port());
  }

  int Run() override {
    http_->Run();
    return signal_;
  }

  void AskToStop() override {
    http_->Post([this] { OnAsked(0); });
  }

 private:
  void Tell(const std::string& sentence) const {
    if (options_.tell) options_.tell(sentence);
  }

  void OnAsked(int signal) {
    if (asked_) return Cut();
    asked_ = true;
    signal_ = signal;
    service_->CloseDoors();
    http_->CloseDoors();
    if (service_->open_calls() > 0) {
      Tell(fmt::format("stopping: {} of the answers {} finished; asked once more, they are cut", service_->open_calls(),
                       service_->open_calls() == 1 ? "is being" : "are being"));
    }
    asked_at_s_ = MonotonicSeconds();
    http_->Every(kLookAround_s, [this] { LookAround(); });
    LookAround();
  }

  void Cut() {
    if (service_->open_calls() == 0) return http_->Stop();
    Tell(fmt::format("{} of the answers cut short", service_->open_calls()));
    service_->CutCalls();
  }

  // Ends when every answer is with its client.
  void LookAround() {
    const double now = MonotonicSeconds();
    if (service_->open_calls() > 0) {
      if (now - asked_at_s_ > options_.finish_s) Cut();
      return;
    }
    if (!finished_at_s_) finished_at_s_ = now;
    if (http_->connections() == 0 || now - *finished_at_s_ > kFlush_s) http_->Stop();
  }

  const ModelServerOptions options_;
  const ModelList models_;
  std::unique_ptr<HttpServer> http_;
  std::unique_ptr<Service> service_;
  std::optional<DecodingThread> decoding_;
  bool asked_ = false;
  int signal_ = 0;
  double asked_at_s_ = 0;
  std::optional<double> finished_at_s_;
};

}  // namespace

Result<std::unique_ptr<ModelServer>> ModelServer::Start(std::vector<std::unique_ptr<ServedModel>> models, Spheres* pool,
                                                        ModelServerOptions options) {
  auto server = std::make_unique<Server>(std::move(models), std::move(options));
  CLLM_TRY(server->Open(pool));
  return std::unique_ptr<ModelServer>(std::move(server));
}

}  // namespace cllm
