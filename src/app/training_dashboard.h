#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "app/console.h"
#include "base/status.h"
#include "monitor/run_control.h"
#include "serve/dashboard/dashboard_server.h"

namespace cllm {

// Which ports `--dashboard` and `cllm dashboard` may take: the one that is named, else the first free one from
// kDashboardPort on.
void ChoosePorts(std::optional<uint64_t> named, DashboardOptions& options);

// Where it is, for people; lines to be pasted begin with a space.
std::string DashboardText(const DashboardServer& server);

// The dashboard of a training in this process, on a thread that leaves the cores to the training.
class TrainingDashboard {
 public:
  // Takes the port, before there is a run. port: kDashboardPort stands for the first free one from there on. Error: as
  // DashboardServer::Start.
  static Result<std::unique_ptr<TrainingDashboard>> Start(uint64_t port);
  // Tells the readers the end.
  ~TrainingDashboard();
  TrainingDashboard(const TrainingDashboard&) = delete;
  TrainingDashboard& operator=(const TrainingDashboard&) = delete;

  // Shows the run in that directory, and those beside it where they lie in a folder of runs; says where. Returns who is
  // to be told of the run. control: outlives this.
  RunObserver& Show(const std::string& run, RunControl& control, ConsoleObserver& console);

 private:
  explicit TrainingDashboard(std::unique_ptr<DashboardServer> server) : server_(std::move(server)) {}

  std::unique_ptr<DashboardServer> server_;
  std::unique_ptr<RunObserver> observer_;
  std::jthread thread_;
};

}  // namespace cllm
