#include <fmt/format.h>

#include <cstdio>
#include <iostream>

#include "app/command.h"
#include "app/command_line.h"
#include "app/console.h"
#include "app/run_setup.h"
#include "app/signals.h"
#include "app/terminal_text.h"
#include "base/system.h"
#include "base/units.h"
#include "monitor/observer_fan_out.h"
#include "text/tokenizer_file.h"
#include "train/run_log.h"
#include "train/sample_file.h"
#include "train/trainer.h"

namespace cllm {
namespace {

constexpr const char* kRuns = "runs";  // where runs without --out go

struct TrainFlags {
  std::string out;
  bool quiet = false;
  bool json = false;
};

Result<std::string> PlanText(const RunSetup& setup, const std::string& memory) {
  const RunConfig& c = setup.config;
  CLLM_ASSIGN(const ModelShape shape, c.Shape(setup.tokenizer->vocabulary()));
  const double tokens = static_cast<double>(*c.steps * *c.batch * shape.context);
  std::string text = fmt::format(
      "plan: {} parameters ({}, vocabulary {} {}), {} steps of {} sequences, {} tokens, {:.1f} epochs",
      FormatCount(ParameterLayout(shape).parameters()), DescribeShape(shape), shape.vocabulary, setup.tokenizer->name(),
      *c.steps, *c.batch, FormatCount(static_cast<uint64_t>(tokens)),
      tokens / static_cast<double>(setup.corpus->training().size()));
  if (setup.step_seconds > 0) {
    text += fmt::format(", about {}", FormatDuration(static_cast<double>(*c.steps) * setup.step_seconds));
  }
  return text + "\n" + memory;
}

Status PrintSamples(Trainer& trainer, const RunSetup& setup) {
  size_t number = 0;
  for (const std::string& text : trainer.WriteSamples({.count = setup.config.samples, .seed = setup.config.seed})) {
    std::cout << "--- sample " << ++number << "\n" << ForTerminal(text) << "\n";
  }
  std::cout.flush();
  return {};
}

void PrintEnd(const RunSummary& summary, const std::string& run) {
  std::fprintf(stderr, "done: step %llu, validation %.4f nats per token, %.4f bits per byte (step %llu), %s\n",
               static_cast<unsigned long long>(summary.step), summary.scores.token, summary.bits_per_byte,
               static_cast<unsigned long long>(summary.best_step), FormatDuration(summary.seconds).c_str());
  const std::string cllm = ProgramName();
  std::fprintf(stderr, "next:\n  %s generate %s -p \"Once\"\n  %s eval %s TEXT\n  %s resume %s --steps %llu\n",
               cllm.c_str(), run.c_str(), cllm.c_str(), run.c_str(), cllm.c_str(), run.c_str(),
               static_cast<unsigned long long>(2 * summary.step));
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

// Trains to the end, a signal or an error, and says what came of it.
Status TrainAndReport(Trainer& trainer, const RunSetup& setup, const std::string& run, const TrainFlags& flags,
                      RunObserver& observer) {
  const Result<RunSummary> summary = trainer.Train();
  if (!summary.ok()) return summary.status();
  if (summary->stop_signal != 0) {
    std::fprintf(stderr, "stopped at step %llu, which is saved; go on with:\n  %s resume %s\n",
                 static_cast<unsigned long long>(summary->step), ProgramName().c_str(), run.c_str());
    throw ExitNow{128 + summary->stop_signal};
  }
  if (flags.json) {
    PrintJson(*summary, run);
  } else {
    CLLM_TRY(PrintSamples(trainer, setup));
  }
  if (summary->memorised) {
    observer.OnNote(
        {fmt::format("validation rose while training went on falling: the model began to memorise the text; the best "
                     "checkpoint, of step {}, is what is used",
                     summary->best_step)});
  }
  if (!flags.quiet) PrintEnd(*summary, run);
  return {};
}

Result<std::string> MakeRunDirectory(FileSystem& files, const std::string& out, const RunConfig& config) {
  if (out.empty()) return CreateNumberedRun(files, kRuns, config.text.front());
  CLLM_TRY(CreateRunDirectory(files, out));
  return out;
}

Status WriteRunFiles(FileSystem& files, const RunPaths& paths, const RunSetup& setup) {
  CLLM_TRY(AtomicWriteFile(files, paths.config(), AsBytes(WriteConfig(ToEntries(setup.config)))));
  return SaveTokenizer(*setup.tokenizer, files, paths.run);
}

void AddOutputFlags(CommandLine& line, TrainFlags& flags) {
  line.AddFlag("--quiet", flags.quiet, "on standard error notes and errors only");
  line.AddFlag("--json", flags.json, "the result as JSON on standard output, instead of samples");
}

// Who is told of a run: its log, its file of samples and the console, in this order.
struct Observers {
  Observers(FileSystem& files, const RunPaths& paths, ConsoleObserver& console)
      : log(files, paths.log(), all), samples(files, paths.samples(), all) {
    all.Add("the log", log);
    all.Add("the file of samples", samples);
    all.Add("the console", console);
  }
  Observers(const Observers&) = delete;
  Observers& operator=(const Observers&) = delete;

  FanOut all;
  RunLog log;
  SampleFile samples;
};

Trainer::Parts PartsOf(const RunSetup& setup, const std::string& run, FileSystem& files, RunObserver& observer,
                       RunControl& control) {
  return {.config = setup.config,
          .run = run,
          .tokenizer = *setup.tokenizer,
          .corpus = *setup.corpus,
          .files = files,
          .observer = observer,
          .control = control,
          .peak_gflops = setup.machine.peak_gflops};
}

}  // namespace

Status TrainCommand(const std::vector<std::string>& arguments) {
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
  RunConfig config;
  CLLM_TRY(line.Apply(config));
  if (config.text.empty()) return Usage("no text named; try `cllm train book.txt` or see `cllm train --help`");
  PosixFileSystem files;
  // An existing run is refused before the work, not after.
  if (!flags.out.empty() && PathExists(flags.out)) CLLM_TRY(CreateRunDirectory(files, flags.out));
  ConsoleObserver console(ChooseConsoleStyle(flags.quiet));
  CLLM_ASSIGN(RunSetup setup, SetUpRun(std::move(config), started, console));
  std::string memory;
  CLLM_TRY(CheckResources(setup, flags.out.empty() ? kRuns : flags.out, &memory));
  CLLM_ASSIGN(const std::string run, MakeRunDirectory(files, flags.out, setup.config));
  const RunPaths paths{run};
  CLLM_ASSIGN(const RunLock lock, RunLock::Acquire(run));
  CLLM_ASSIGN(const std::string plan, PlanText(setup, memory));
  if (!flags.quiet) std::fprintf(stderr, "run: %s\n%s\n", run.c_str(), plan.c_str());
  CLLM_TRY(WriteRunFiles(files, paths, setup));
  Observers observers(files, paths, console);
  RunControl control;
  const SignalScope signals(control);
  CLLM_ASSIGN(const auto trainer, Trainer::Create(PartsOf(setup, run, files, observers.all, control)));
  CLLM_TRY(trainer->Begin(setup.from ? &setup.from->parameters : nullptr));
  return TrainAndReport(*trainer, setup, run, flags, observers.all);
}

Status ResumeCommand(const std::vector<std::string>& arguments) {
  CommandLine line("resume", "Goes on with a run from its newest valid checkpoint.",
                   "cllm resume runs/book-1\n  cllm resume runs/book-1 --steps 10000");
  TrainFlags flags;
  std::string run;
  line.AddRequiredText("RUN", run, "a run directory");
  line.AddRunOptions({"steps", "time", "threads", "samples"},
                     {{"steps", "the steps of the whole run in total; more than planned extend it [as planned]"},
                      {"time", "go on for about this long (90s, 10m, 1h30m), beyond the planned end [to the planned end]"}});
  AddOutputFlags(line, flags);
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  CLLM_TRY(CheckRunDirectory(run));
  const RunPaths paths{run};
  RunConfig config;
  CLLM_ASSIGN(const std::vector<ConfigEntry> entries, ReadConfig(paths.config()));
  CLLM_TRY(ApplyEntries(entries, paths.config(), config));
  const std::optional<uint64_t> original = config.steps;
  CLLM_TRY(line.Apply(config));
  const std::optional<double> time_s = config.time_s;
  const std::optional<uint64_t> steps = line.Given("steps") ? config.steps : std::nullopt;
  config.steps = original;
  config.time_s.reset();
  PosixFileSystem files;
  CLLM_ASSIGN(const RunLock lock, RunLock::Acquire(run));
  ConsoleObserver console(ChooseConsoleStyle(flags.quiet));
  CLLM_ASSIGN(const FoundCheckpoint found, Checkpoints(files, run).NewestValid());
  for (const SkippedCheckpoint& skipped : found.skipped) {
    console.OnNote({fmt::format("checkpoint of step {} is skipped: {}", skipped.step, skipped.reason)});
  }
  CLLM_ASSIGN(RunSetup setup, SetUpResume(paths, std::move(config), console));
  CLLM_TRY(CheckResources(setup, run, nullptr));
  CLLM_ASSIGN(const RunState state, ReadState(found.directory));
  const uint64_t planned = state.schedule.total();
  std::optional<uint64_t> total = steps;
  if (time_s) {
    CLLM_ASSIGN(const double step_seconds, MeasureStep(setup.config, *setup.tokenizer, 0.04 * *time_s));
    total = found.step + StepsInTime(*time_s, step_seconds);
    if (*total < planned) {
      return Usage(fmt::format("--time {} is for {} steps, but the run has {} more before its planned end (about {}); leave "
                               "--time out to finish it, or name more time",
                               FormatDuration(*time_s), *total - found.step, planned - found.step,
                               FormatDuration(static_cast<double>(planned - found.step) * step_seconds)));
    }
  }
  if (total.value_or(planned) == found.step) {
    console.OnNote({fmt::format("the run is complete at step {}; name --time or --steps to train on", found.step)});
  }
  Observers observers(files, paths, console);
  RunControl control;
  const SignalScope signals(control);
  CLLM_ASSIGN(const auto trainer, Trainer::Create(PartsOf(setup, run, files, observers.all, control)));
  CLLM_TRY(trainer->Continue(found.directory, total));
  return TrainAndReport(*trainer, setup, run, flags, observers.all);
}

}  // namespace cllm
