#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "monitor/run_control.h"
#include "monitor/run_observer.h"
#include "serve/http.h"

namespace cllm {

inline constexpr uint16_t kDashboardPort = 7007;

struct DashboardOptions {
  std::vector<std::string> places = {};  // runs, and directories of runs
  std::vector<std::string> addresses = {"127.0.0.1", "::1"};
  uint16_t port = kDashboardPort;  // 0: any free one
  uint16_t further_ports = 0;      // after that one, that are tried where it is taken
  HttpLimits http = {};
  double poll_s = 0.25;            // between looks at runs whose events somebody reads
  double ping_s = 15;              // between comments into streams of events
  int niceness = 0;                // of its threads, where a training needs the cores; those that compute have 19
  bool takes_signals = false;      // SIGINT, SIGTERM and SIGHUP stop it
  std::string program = "cllm";    // with its version
  std::string called = "cllm";     // as a person calls it
};

// Shows runs in a browser: a page, and what it asks for (docs/dashboard.md). Reads what lies on disk, and what a
// training of this process tells; nothing that is asked of it changes a run, but for save, stop and sample, which need
// the token that stands in the page. Listens on this machine's own addresses alone. One event loop on the thread that
// runs it, and threads that read and compute, so that neither a reader nor a training waits.
class DashboardServer {
 public:
  // Listens from here on. Error: as HttpServer::Listen.
  static Result<std::unique_ptr<DashboardServer>> Start(DashboardOptions options);
  virtual ~DashboardServer() = default;
  DashboardServer(const DashboardServer&) = delete;
  DashboardServer& operator=(const DashboardServer&) = delete;

  virtual uint16_t port() const = 0;
  virtual std::string url() const = 0;  // "http://127.0.0.1:7007/"

  // Shows a run that this process is about to train, and the others of these places. Whoever trains tells the observer,
  // which never blocks and may outlive the server; control outlives both. Thread-safe.
  virtual std::unique_ptr<RunObserver> Show(const std::string& run, RunControl& control) = 0;
  virtual void AddPlace(const std::string& place) = 0;

  // Serves until it is asked to stop. Returns the signal that asked, or 0.
  virtual int Run() = 0;
  // Tells the readers what is still new, and ends. Thread-safe.
  virtual void AskToStop() = 0;

 protected:
  DashboardServer() = default;
};

// "ssh -N -L 7007:localhost:7007 user@host": what makes this machine's dashboard one of the machine where it is typed.
std::string TunnelCommand(uint16_t port);

}  // namespace cllm
