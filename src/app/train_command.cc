#include <fmt/format.h>

#include <iostream>
#include <memory>
#include <optional>

#include "app/arguments/command_line.h"
#include "app/command.h"
#include "app/console.h"
#include "app/run_report.h"
#include "app/training_dashboard.h"
#include "base/system.h"
#include "corpus/cache_directory.h"
#include "monitor/observer_fan_out.h"
#include "monitor/phase.h"
#include "run/active_run.h"
#include "run/run_config.h"
#include "terminal/display_watch.h"
#include "terminal/signals.h"
#include "terminal/terminal_text.h"

namespace cllm {
namespace {

struct TrainFlags {
  std::string out;
  bool quiet = false;
  bool json = false;
  std::optional<uint64_t> dashboard;  // its port
};

void PrintSamples(Trainer& trainer, const TrainingPlan& plan, RunObserver& console) {
  Trainer::Samples texts;
  {
    const Phase phase(console, "writing samples");
    texts = trainer.WriteSamples({.count = plan.samples, .seed = plan.step.seed});
  }
  size_t number = 0;
  for (const std::string& text : texts) std::cout << "--- sample " << ++number << "\n" << ForTerminal(text) << "\n";
  std::cout.flush();
}

// The console, who notices that nobody sees it, and the dashboard.
struct Display {
  explicit Display(const TrainFlags& flags) : console(ChooseConsoleStyle(flags.quiet)) {
    all.Add("the console", console);
    all.Add("the watch on the console", watch);
  }
  // Takes the port, before the work; error as TrainingDashboard::Start.
  Status OpenDashboard(const TrainFlags& flags) {
    if (!flags.dashboard) return {};
    CLLM_ASSIGN(dashboard, TrainingDashboard::Start(*flags.dashboard));
    return {};
  }
  void ShowRun(const std::string& run, RunControl& control) {
    if (dashboard) all.Add("the dashboard", dashboard->Show(run, control, console));
  }
  ConsoleObserver console;
  DisplayWatch watch;
  std::unique_ptr<TrainingDashboard> dashboard;  // or none
  FanOut all;
};

Outcome SayStopped(const RunSummary& summary, const RunControl& control, const std::string& run, Display& display) {
  display.console.SayAlways(StoppedText(summary, run));
  return Outcome::StoppedBy(control.stop_signal.load(std::memory_order_relaxed));
}

// Trains to the end, a signal or an error, and says what came of it.
Outcome TrainAndReport(ActiveRun& active, const TrainingPlan& plan, const std::string& run, const TrainFlags& flags,
                       Display& display, const RunControl& control) {
  display.watch.TellLossTo(active.observers());
  CLLM_ASSIGN(const RunSummary summary, active.Train());
  if (summary.stop_signal != 0) return SayStopped(summary, control, run, display);
  if (flags.json) {
    std::cout << SummaryJson(summary, run) << std::endl;
  } else {
    PrintSamples(active.trainer(), plan, display.all);
  }
  if (const std::string note = MemorisedNote(summary); !note.empty()) display.console.OnNote({note});
  if (control.stop_signal.load(std::memory_order_relaxed) != 0) return SayStopped(summary, control, run, display);
  display.console.Say(EndText(summary, run));
  if (summary.saved_step == summary.step) return {};
  return Failed(fmt::format("{}: {}{}", run, KeptText(summary),
                            summary.saved_step ? "; `cllm resume` trains what is missing again" : ""));
}

void AddOutputFlags(CommandLine& line, TrainFlags& flags) {
  line.AddFlag("--quiet", flags.quiet, "on standard error notes and errors only");
  line.AddFlag("--json", flags.json, "the result as JSON on standard output, instead of samples");
  line.AddPortOrAlone("--dashboard", flags.dashboard, kDashboardPort,
                      "show the run in a browser while it trains; alone: at port 7007, or the next that is free");
}

}  // namespace

Outcome TrainCommand(const Arguments& arguments) {
  const double started = MonotonicSeconds();
  CommandLine line(
      "train", "Trains a language model on a text.",
      "cllm train book.txt --time 10m\n  cllm train texts/ --tokenizer bpe:4096 --steps 5000 --out runs/mine");
  TrainFlags flags;
  line.AddRunOptions();
  line.AddText("--out DIR", flags.out, "the run directory [runs/<name of the text>-<n>]");
  AddOutputFlags(line, flags);
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  RunControl control;
  SignalScope signals(control, "no run was made", DefaultCacheDirectory());
  RunChoices choices;
  CLLM_TRY(line.Apply(choices));
  if (choices.text.empty()) return Usage("no text named; try `cllm train book.txt` or see `cllm train --help`");
  PosixFileSystem files;
  CLLM_TRY(CheckRunDirectoryIsFree(files, flags.out));
  Display display(flags);
  CLLM_TRY(display.OpenDashboard(flags));
  CLLM_ASSIGN(const PreparedRun run, PrepareRun(std::move(choices), started, display.all));
  signals.LeaveStopsToTheRun();
  CLLM_ASSIGN(NewRunDirectory made, MakeRunDirectory(files, flags.out, run));
  const std::string directory = made.path();
  display.console.Say(fmt::format("run: {}\n{}{}", directory, PlanText(run), RepeatText(run, directory)));
  display.ShowRun(directory, control);
  CLLM_ASSIGN(const auto active, ActiveRun::Begin(run, std::move(made), files, {display.all, control}));
  return TrainAndReport(*active, run.plan, directory, flags, display, control);
}

Outcome ResumeCommand(const Arguments& arguments) {
  CommandLine line("resume", "Goes on with a run from its newest valid checkpoint.",
                   "cllm resume runs/book-1\n  cllm resume runs/book-1 --steps 10000\n  cllm resume runs/book-1 "
                   "/new/place/book.txt");
  TrainFlags flags;
  std::string directory;
  line.AddRequiredText("RUN", directory, "a run directory");
  line.AddRunOptions({"text", "val", "steps", "time", "threads", "samples", "patience"},
                     {{"text", "the run's text where it lies now, if that is elsewhere than it was"},
                      {"val", "the same of the text to validate on"},
                      {"patience", "evaluations without improvement before training ends; 0: no limit [the run's]"},
                      {"steps", "the steps of the whole run in total; more than planned extend it [as planned]"},
                      {"time", "go on for about this long (90s, 10m, 1h30m), beyond the planned end [to the planned end]"}});
  AddOutputFlags(line, flags);
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  RunControl control;
  SignalScope signals(control, "the run is as it was", DefaultCacheDirectory());
  CLLM_ASSIGN(RunChoices choices, ReadRunChoices(directory));
  RunChoices asked = choices;
  asked.time_s.reset();  // a run by time has its own, of which some is left
  CLLM_TRY(line.Apply(asked));
  choices.threads = asked.threads;
  choices.samples = asked.samples;
  choices.text = asked.text;
  choices.validation = asked.validation;
  if (line.Given("patience")) choices.patience = asked.patience;
  const ResumeGoal goal{.steps = line.Given("steps") ? asked.steps : std::nullopt, .time_s = asked.time_s};
  Display display(flags);
  CLLM_TRY(display.OpenDashboard(flags));
  CLLM_ASSIGN(PreparedResume resume, PrepareResume(directory, std::move(choices), goal, display.all));
  signals.LeaveStopsToTheRun();
  display.ShowRun(resume.directory, control);
  PosixFileSystem files;
  CLLM_ASSIGN(const auto active, ActiveRun::Continue(resume, files, {display.all, control}));
  return TrainAndReport(*active, resume.run.plan, directory, flags, display, control);
}

}  // namespace cllm
