#include <fmt/format.h>

#include <cstdio>
#include <iostream>

#include "app/command.h"
#include "app/command_line.h"
#include "app/console.h"
#include "app/display_watch.h"
#include "app/signals.h"
#include "app/terminal_text.h"
#include "base/file.h"
#include "base/system.h"
#include "base/units.h"
#include "corpus/cache_directory.h"
#include "monitor/observer_fan_out.h"
#include "run/active_run.h"
#include "run/run_config.h"
#include "store/json.h"

namespace cllm {
namespace {

struct TrainFlags {
  std::string out;
  bool quiet = false;
  bool json = false;
};

std::string PlanText(const PreparedRun& run) {
  const TrainingPlan& plan = run.plan;
  const uint64_t steps = run.expected_steps;
  const double tokens = static_cast<double>(steps * plan.step.batch * plan.shape.context);
  std::string text = fmt::format(
      "plan: {} parameters ({}, vocabulary {} {}), {}{} steps of {} sequences, {} tokens, {:.1f} epochs",
      FormatCount(ParameterLayout(plan.shape).parameters()), DescribeShape(plan.shape), plan.shape.vocabulary,
      run.tokenizer->name(), run.time ? "about " : "", steps, plan.step.batch,
      FormatCount(static_cast<uint64_t>(tokens)), tokens / static_cast<double>(run.corpus->training().size()));
  if (run.time) text += fmt::format(", done {} after the start", FormatDuration(run.time->seconds));
  return text + "\n" + run.memory.Text();
}

// What of the run depends on the machine, and how to repeat it all the same: a line, or nothing.
std::string RepeatText(const PreparedRun& run, const std::string& directory) {
  if (!run.time) return "";
  return fmt::format("plan and steps follow this machine's speed; to repeat the run, bit for bit, on any: {} train "
                     "--config {}/config.toml --out ANOTHER\n",
                     ProgramName(), directory);
}

void PrintSamples(Trainer& trainer, const TrainingPlan& plan) {
  size_t number = 0;
  for (const std::string& text : trainer.WriteSamples({.count = plan.samples, .seed = plan.step.seed})) {
    std::cout << "--- sample " << ++number << "\n" << ForTerminal(text) << "\n";
  }
  std::cout.flush();
}

void PrintEnd(const RunSummary& summary, const std::string& run) {
  std::fprintf(stderr, "done: step %llu, validation %.4f nats per token, %.4f bits per byte (step %llu), %s\n",
               static_cast<unsigned long long>(summary.step), summary.scores.token, summary.bits_per_byte,
               static_cast<unsigned long long>(summary.best_step), FormatDuration(summary.seconds).c_str());
  const std::string cllm = ProgramName();
  std::fprintf(stderr, "next:\n  %s generate %s -p \"Once\"\n  %s eval %s TEXT\n  %s resume %s --steps %llu\n",
               cllm.c_str(), run.c_str(), cllm.c_str(), run.c_str(), cllm.c_str(), run.c_str(),
               static_cast<unsigned long long>(summary.patience_ended ? summary.planned : 2 * summary.step));
}

void PrintJson(const RunSummary& s, const std::string& run) {
  std::cout << WriteJson({{"run", run},
                          {"step", s.step},
                          {"best_step", s.best_step},
                          {"nats_per_token", s.scores.token},
                          {"bits_per_byte", s.bits_per_byte},
                          {"memorised", s.memorised},
                          {"seconds", s.seconds}})
            << std::endl;
}

void NoteMemorised(const RunSummary& summary, RunObserver& console) {
  if (!summary.memorised) return;
  console.OnNote(
      {fmt::format("validation rose while training went on falling: the model began to memorise the text; the best "
                   "checkpoint, of step {}, is what is used",
                   summary.best_step)});
}

// "step 20 is saved", or what else there is to go on from.
std::string Kept(const RunSummary& summary) {
  if (!summary.saved_step) return "nothing of it could be saved";
  if (*summary.saved_step == summary.step) return fmt::format("step {} is saved", summary.step);
  return fmt::format("step {} could not be saved, the last one that is saved is step {}", summary.step,
                     *summary.saved_step);
}

Outcome SayStopped(const RunSummary& summary, const RunControl& control, const std::string& run) {
  const std::string next =
      summary.saved_step ? fmt::format("; go on with:\n  {} resume {}", ProgramName(), run) : std::string();
  const std::string kept = summary.saved_step == summary.step ? ", which is saved" : ": " + Kept(summary);
  std::fprintf(stderr, "stopped at step %llu%s%s\n", static_cast<unsigned long long>(summary.step), kept.c_str(),
               next.c_str());
  return Outcome::StoppedBy(control.stop_signal.load(std::memory_order_relaxed));
}

// Trains to the end, a signal or an error, and says what came of it.
Outcome TrainAndReport(ActiveRun& active, const TrainingPlan& plan, const std::string& run, const TrainFlags& flags,
                       const RunWatch& watch) {
  CLLM_ASSIGN(const RunSummary summary, active.Train());
  if (summary.stop_signal != 0) return SayStopped(summary, watch.control, run);
  if (flags.json) {
    PrintJson(summary, run);
  } else {
    PrintSamples(active.trainer(), plan);
  }
  NoteMemorised(summary, watch.observer);
  if (watch.control.stop_signal.load(std::memory_order_relaxed) != 0) return SayStopped(summary, watch.control, run);
  if (!flags.quiet) PrintEnd(summary, run);
  if (summary.saved_step == summary.step) return {};
  return Failed(fmt::format("{}: {}{}", run, Kept(summary),
                            summary.saved_step ? "; `cllm resume` trains what is missing again" : ""));
}

// The console and who notices that nobody sees it.
struct Display {
  explicit Display(const TrainFlags& flags) : console(ChooseConsoleStyle(flags.quiet)) {
    all.Add("the console", console);
    all.Add("the watch on the console", watch);
  }
  ConsoleObserver console;
  DisplayWatch watch;
  FanOut all;
};

void AddOutputFlags(CommandLine& line, TrainFlags& flags) {
  line.AddFlag("--quiet", flags.quiet, "on standard error notes and errors only");
  line.AddFlag("--json", flags.json, "the result as JSON on standard output, instead of samples");
}

}  // namespace

Outcome TrainCommand(const Arguments& arguments) {
  const double started = MonotonicSeconds();
  RunControl control;
  SignalScope signals(control, "no run was made", DefaultCacheDirectory());
  CommandLine line(
      "train", "Trains a language model on a text.",
      "cllm train book.txt --time 10m\n  cllm train texts/ --tokenizer bpe:4096 --steps 5000 --out runs/mine");
  TrainFlags flags;
  line.AddRunOptions();
  line.AddText("--out DIR", flags.out, "the run directory [runs/<name of the text>-<n>]");
  AddOutputFlags(line, flags);
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  RunChoices choices;
  CLLM_TRY(line.Apply(choices));
  if (choices.text.empty()) return Usage("no text named; try `cllm train book.txt` or see `cllm train --help`");
  PosixFileSystem files;
  // An existing run is refused before the work, not after.
  if (!flags.out.empty() && PathExists(flags.out)) CLLM_TRY(CreateRunDirectory(files, flags.out));
  Display display(flags);
  CLLM_ASSIGN(const PreparedRun run, PrepareRun(std::move(choices), started, display.all));
  signals.LeaveStopsToTheRun();
  CLLM_ASSIGN(NewRunDirectory made, MakeRunDirectory(files, flags.out, run));
  const std::string directory = made.path();
  if (!flags.quiet) {
    std::fprintf(stderr, "run: %s\n%s\n%s", directory.c_str(), PlanText(run).c_str(),
                 RepeatText(run, directory).c_str());
  }
  const RunWatch watch{display.all, control};
  CLLM_ASSIGN(const auto active, ActiveRun::Begin(run, std::move(made), files, watch));
  display.watch.TellLossTo(active->observers());
  return TrainAndReport(*active, run.plan, directory, flags, watch);
}

Outcome ResumeCommand(const Arguments& arguments) {
  RunControl control;
  SignalScope signals(control, "the run is as it was", DefaultCacheDirectory());
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
  CLLM_ASSIGN(PreparedResume resume, PrepareResume(directory, std::move(choices), goal, display.all));
  signals.LeaveStopsToTheRun();
  PosixFileSystem files;
  const RunWatch watch{display.all, control};
  CLLM_ASSIGN(const auto active, ActiveRun::Continue(resume, files, watch));
  display.watch.TellLossTo(active->observers());
  return TrainAndReport(*active, resume.run.plan, directory, flags, watch);
}

}  // namespace cllm
