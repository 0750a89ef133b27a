#include <fmt/format.h>

#include <iostream>

#include "app/command.h"
#include "app/command_line.h"
#include "app/console.h"
#include "app/run_report.h"
#include "app/signals.h"
#include "app/terminal_text.h"
#include "base/file.h"
#include "base/system.h"
#include "monitor/phase.h"
#include "run/active_run.h"
#include "run/run_config.h"

namespace cllm {
namespace {

struct TrainFlags {
  std::string out;
  bool quiet = false;
  bool json = false;
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

// Trains to the end, a signal or an error, and says what came of it.
Outcome TrainAndReport(ActiveRun& active, const TrainingPlan& plan, const std::string& run, const TrainFlags& flags,
                       ConsoleObserver& console) {
  CLLM_ASSIGN(const RunSummary summary, active.Train());
  if (summary.stop_signal != 0) {
    console.Say(StoppedText(summary, run));
    return Outcome::StoppedBy(summary.stop_signal);
  }
  if (flags.json) {
    std::cout << SummaryJson(summary, run) << std::endl;
  } else {
    PrintSamples(active.trainer(), plan, console);
  }
  if (const std::string note = MemorisedNote(summary); !note.empty()) console.OnNote({note});
  console.Say(EndText(summary, run));
  return {};
}

void AddOutputFlags(CommandLine& line, TrainFlags& flags) {
  line.AddFlag("--quiet", flags.quiet, "on standard error notes and errors only");
  line.AddFlag("--json", flags.json, "the result as JSON on standard output, instead of samples");
}

}  // namespace

Outcome TrainCommand(const std::vector<std::string>& arguments) {
  const double started = MonotonicSeconds();
  CommandLine line(
      "train", "Trains a language model on a text.",
      "cllm train book.txt --time 10m\n  cllm train texts/ --tokenizer bpe:4096 --steps 5000 --out runs/mine");
  TrainFlags flags;
  line.AddRunOptions();
  line.AddText("--out", flags.out, "the run directory [runs/<name of the text>-<n>]");
  AddOutputFlags(line, flags);
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  RunChoices choices;
  CLLM_TRY(line.Apply(choices));
  if (choices.text.empty()) return Usage("no text named; try `cllm train book.txt` or see `cllm train --help`");
  PosixFileSystem files;
  // An existing run is refused before the work, not after.
  if (!flags.out.empty() && PathExists(flags.out)) CLLM_TRY(CreateRunDirectory(files, flags.out));
  ConsoleObserver console(ChooseConsoleStyle(flags.quiet));
  CLLM_ASSIGN(const PreparedRun run, PrepareRun(std::move(choices), started, console));
  CLLM_ASSIGN(const std::string directory, MakeRunDirectory(files, flags.out, run));
  console.Say(fmt::format("run: {}\n{}", directory, PlanText(run)));
  RunControl control;
  const SignalScope signals(control);
  CLLM_ASSIGN(const auto active, ActiveRun::Begin(run, directory, files, {console, control}));
  return TrainAndReport(*active, run.plan, directory, flags, console);
}

Outcome ResumeCommand(const std::vector<std::string>& arguments) {
  CommandLine line("resume", "Goes on with a run from its newest valid checkpoint.",
                   "cllm resume runs/book-1\n  cllm resume runs/book-1 --steps 10000");
  TrainFlags flags;
  std::string directory;
  line.AddRequiredText("RUN", directory, "a run directory");
  line.AddRunOptions({"steps", "time", "threads", "samples"},
                     {{"steps", "the steps of the whole run in total; more than planned extend it [as planned]"},
                      {"time", "go on for about this long (90s, 10m, 1h30m), beyond the planned end [to the planned end]"}});
  AddOutputFlags(line, flags);
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  CLLM_ASSIGN(RunChoices choices, ReadRunChoices(directory));
  RunChoices asked = choices;
  CLLM_TRY(line.Apply(asked));
  choices.threads = asked.threads;
  choices.samples = asked.samples;
  const ResumeGoal goal{.steps = line.Given("steps") ? asked.steps : std::nullopt, .time_s = asked.time_s};
  ConsoleObserver console(ChooseConsoleStyle(flags.quiet));
  CLLM_ASSIGN(PreparedResume resume, PrepareResume(directory, std::move(choices), goal, console));
  PosixFileSystem files;
  RunControl control;
  const SignalScope signals(control);
  CLLM_ASSIGN(const auto active, ActiveRun::Continue(resume, files, {console, control}));
  return TrainAndReport(*active, resume.run.plan, directory, flags, console);
}

}  // namespace cllm
