#include <fmt/format.h>

#include <iostream>
#include <memory>
#include <optional>

#include "app/arguments/command_line.h"
#include "app/command.h"
#include "app/console.h"
#include "app/launched_ranks.h"
#include "app/run_report.h"
#include "app/training_dashboard.h"
#include "base/system.h"
#include "corpus/cache_directory.h"
#include "monitor/observer_fan_out.h"
#include "monitor/phase.h"
#include "run/active_run.h"
#include "run/ranked_run.h"
#include "run/resources.h"
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
  LaunchedRanks ranks;
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

// What a rank that follows does with a run, once the first has prepared it.
Outcome Follow(RankTeam& team, size_t threads, SignalScope& signals, RunControl& control, bool resumes) {
  PreparedRun run;
  std::optional<uint64_t> total;
  {
    constexpr double kPreparing_s = 86400;  // a large text
    const RankTeam::LongWait preparing(team, kPreparing_s);
    CLLM_TRY(team.FirstSays({}));
  }
  CLLM_TRY(ShareRun(team, threads, total, run));
  signals.LeaveStopsToTheRun();
  CLLM_TRY(team.FirstSays({}));  // of the directory
  CLLM_ASSIGN(const auto followed, resumes ? FollowedRun::Continue(run, total, team, control)
                                           : FollowedRun::Begin(run, team, control));
  CLLM_ASSIGN(const RunSummary summary, followed->Train());
  return summary.stop_signal == 0 ? Outcome() : Outcome::StoppedBy(summary.stop_signal);
}

void NoteRanks(const LaunchedRanks& ranks, const PreparedRun& run, RunObserver& observer) {
  if (ranks.launch().alone()) return;
  const size_t threads = run.plan.threads == 0 ? UsableCores() : run.plan.threads;
  if (const auto note = BindingNote(ranks.launch(), threads, UsableCores())) observer.OnNote({*note});
  if (run.plan.step.items() < run.workers) {
    observer.OnNote(
        {fmt::format("a step has {} work items, which keep as many of the {} workers busy; name `max-workers` {}, "
                     "a smaller `item` or a larger `batch`",
                     run.plan.step.items(), run.workers, run.workers)});
  }
}

void AddOutputFlags(CommandLine& line, TrainFlags& flags) {
  line.AddFlag("--quiet", flags.quiet, "on standard error notes and errors only");
  line.AddFlag("--json", flags.json, "the result as JSON on standard output, instead of samples");
  line.AddPortOrAlone("--dashboard", flags.dashboard, kDashboardPort,
                      "show the run in a browser while it trains; alone: at port 7007, or the next that is free");
  flags.ranks.AddOptions(line);
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
  CLLM_TRY(flags.ranks.Connect());
  RankTeam& team = flags.ranks.team();
  if (!team.alone()) signals.TakeRepeatsAsOne();
  const size_t named = choices.threads, threads = named != 0 ? named : ThreadsOfRank(team);
  const auto lead = [&]() -> Outcome {
    CLLM_TRY(CompareRanks(team, ProgramVersion(), choices));
    PosixFileSystem files;
    Display display(flags);
    PreparedRun run;
    choices.threads = threads;
    const auto prepare = [&]() -> Status {
      CLLM_TRY(CheckRunDirectoryIsFree(files, flags.out));
      CLLM_TRY(display.OpenDashboard(flags));
      CLLM_ASSIGN(run, PrepareRun(std::move(choices), started, display.all, team.rank().count));
      run.choices.threads = named;
      return {};
    };
    CLLM_TRY(team.FirstSays(prepare()));
    std::optional<uint64_t> total;
    CLLM_TRY(ShareRun(team, threads, total, run));
    signals.LeaveStopsToTheRun();
    Result<NewRunDirectory> made = MakeRunDirectory(files, flags.out, run);
    CLLM_TRY(team.FirstSays(made.status()));
    const std::string directory = made->path();
    display.console.Say(fmt::format("run: {}\n{}{}", directory, PlanText(run), RepeatText(run, directory)));
    NoteRanks(flags.ranks, run, display.all);
    display.ShowRun(directory, control);
    CLLM_ASSIGN(const auto active, ActiveRun::Begin(run, *std::move(made), files, {display.all, control, &team}));
    return TrainAndReport(*active, run.plan, directory, flags, display, control);
  };
  return flags.ranks.Run(lead, [&]() -> Outcome {
    CLLM_TRY(CompareRanks(team, ProgramVersion(), choices));
    return Follow(team, threads, signals, control, false);
  });
}

Outcome ResumeCommand(const Arguments& arguments) {
  CommandLine line("resume", "Goes on with a run from its newest valid checkpoint.",
                   "cllm resume runs/book-1\n  cllm resume runs/book-1 --steps 10000\n  cllm resume runs/book-1 "
                   "/new/place/book.txt");
  TrainFlags flags;
  std::string directory;
  line.AddRequiredText("RUN", directory, "a run directory");
  line.AddRunOptions(
      {"text", "val", "steps", "time", "threads", "samples", "patience"},
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
  RunChoices named;
  CLLM_TRY(line.Apply(named));
  CLLM_TRY(flags.ranks.Connect());
  RankTeam& team = flags.ranks.team();
  if (!team.alone()) signals.TakeRepeatsAsOne();
  const auto lead = [&]() -> Outcome {
    CLLM_TRY(CompareRanks(team, ProgramVersion(), named));
    Display display(flags);
    std::optional<PreparedResume> prepared;
    size_t threads = 0, threads_named = 0;
    const auto prepare = [&]() -> Status {
      CLLM_ASSIGN(RunChoices choices, ReadRunChoices(directory));
      RunChoices asked = choices;
      asked.time_s.reset();  // a run by time has its own, of which some is left
      CLLM_TRY(line.Apply(asked));
      threads_named = asked.threads;
      threads = threads_named != 0 ? threads_named : ThreadsOfRank(team);
      choices.threads = threads;
      choices.samples = asked.samples;
      choices.text = asked.text;
      choices.validation = asked.validation;
      if (line.Given("patience")) choices.patience = asked.patience;
      const ResumeGoal goal{.steps = line.Given("steps") ? asked.steps : std::nullopt,
                            .time_s = asked.time_s,
                            .ranks = team.rank().count};
      CLLM_TRY(display.OpenDashboard(flags));
      CLLM_ASSIGN(prepared, PrepareResume(directory, std::move(choices), goal, display.all));
      prepared->run.choices.threads = threads_named;
      return {};
    };
    CLLM_TRY(team.FirstSays(prepare()));
    CLLM_TRY(ShareRun(team, threads, prepared->total, prepared->run));
    signals.LeaveStopsToTheRun();
    CLLM_TRY(team.FirstSays({}));
    NoteRanks(flags.ranks, prepared->run, display.all);
    display.ShowRun(prepared->directory, control);
    PosixFileSystem files;
    CLLM_ASSIGN(const auto active, ActiveRun::Continue(*prepared, files, {display.all, control, &team}));
    return TrainAndReport(*active, prepared->run.plan, directory, flags, display, control);
  };
  return flags.ranks.Run(lead, [&]() -> Outcome {
    CLLM_TRY(CompareRanks(team, ProgramVersion(), named));
    return Follow(team, named.threads != 0 ? named.threads : ThreadsOfRank(team), signals, control, true);
  });
}

}  // namespace cllm
