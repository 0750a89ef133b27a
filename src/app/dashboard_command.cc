#include <fmt/format.h>

#include <optional>
#include <string>
#include <vector>

#include "app/arguments/command_line.h"
#include "app/command.h"
#include "app/console.h"
#include "app/training_dashboard.h"
#include "run/run_record.h"
#include "terminal/terminal_text.h"

namespace cllm {

Outcome DashboardCommand(const Arguments& arguments) {
  CommandLine line(
      "dashboard",
      "Shows runs in a browser: curves, spheres, the lattice, samples, checkpoints, comparisons. Those that "
      "train now are shown live. Only this machine's own browsers are answered; runs are not changed, but for "
      "the buttons that save and stop one.",
      "cllm dashboard\n"
      "cllm dashboard runs/book-1 runs/book-2 --port 9000\n"
      "cllm dashboard /disk/with/runs");
  std::vector<std::string> places;
  uint64_t port = kDashboardPort;
  line.AddTexts("RUN", places, "runs, or directories of runs [the working directory]");
  line.AddWhole("--port", port, 0, 65535, "its port; 0: any free one [7007, or the next that is free]");
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  if (places.empty()) places.push_back(".");
  size_t runs = 0;
  for (const std::string& place : places) {
    CLLM_ASSIGN(const std::vector<std::string> found, FindRunDirectories(place));
    runs += found.size();
  }
  DashboardOptions options{
      .places = places, .takes_signals = true, .program = ProgramVersion(), .called = ProgramName()};
  ChoosePorts(line.Given("port") ? std::optional(port) : std::nullopt, options);
  CLLM_ASSIGN(const auto server, DashboardServer::Start(std::move(options)));
  ConsoleObserver console(ChooseConsoleStyle(false));
  console.SayAlways(fmt::format("showing {}; Ctrl-C stops",
                                runs == 0   ? "the runs that will be there: there is none yet"
                                : runs == 1 ? "one run"
                                            : fmt::format("{} runs", runs)));
  console.SayAlways(DashboardText(*server));
  const int signal = server->Run();
  console.SayAlways("stopped");
  return Outcome::StoppedBy(signal);
}

}  // namespace cllm
