#include "app/training_dashboard.h"

#include <fmt/format.h>

#include <filesystem>
#include <string_view>

#include "app/command.h"
#include "base/path.h"
#include "terminal/terminal_text.h"

namespace cllm {
namespace {

constexpr uint16_t kFurtherPorts = 20;
constexpr int kNiceness = 10;  // of the threads that read and answer
constexpr const char* kFolderOfRuns = "runs";

// A server speaks of the flag of commands that only serve.
std::string WithOwnFlag(std::string sentence) {
  constexpr std::string_view kFlag = "--port N";
  if (const size_t at = sentence.find(kFlag); at != sentence.npos)
    sentence.replace(at, kFlag.size(), "--dashboard=PORT");
  return sentence;
}

}  // namespace

void ChoosePorts(std::optional<uint64_t> named, DashboardOptions& options) {
  options.port = static_cast<uint16_t>(named.value_or(kDashboardPort));
  options.further_ports = named ? 0 : kFurtherPorts;
}

std::string DashboardText(const DashboardServer& server) {
  return fmt::format("dashboard: {}\nfrom another machine, this and then http://localhost:{}/ there:\n  {}",
                     server.url(), server.port(), TunnelCommand(server.port()));
}

Result<std::unique_ptr<TrainingDashboard>> TrainingDashboard::Start(uint64_t port) {
  DashboardOptions options{.niceness = kNiceness, .program = ProgramVersion(), .called = ProgramName()};
  ChoosePorts(port == kDashboardPort ? std::nullopt : std::optional(port), options);
  auto server = DashboardServer::Start(std::move(options));
  if (!server.ok()) return Failed(WithOwnFlag(server.status().message()));
  return std::unique_ptr<TrainingDashboard>(new TrainingDashboard(*std::move(server)));
}

TrainingDashboard::~TrainingDashboard() {
  server_->AskToStop();
  if (thread_.joinable()) thread_.join();
}

RunObserver& TrainingDashboard::Show(const std::string& run, RunControl& control, ConsoleObserver& console) {
  observer_ = server_->Show(run, control);
  const std::string parent = ParentPath(run);
  if (std::filesystem::path(parent).filename() == kFolderOfRuns) server_->AddPlace(parent);
  thread_ = std::jthread([this] { server_->Run(); });
  console.SayAlways(DashboardText(*server_));
  return *observer_;
}

}  // namespace cllm
