#include "app/run_setup.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "base/path.h"
#include "base/system.h"
#include "base/units.h"
#include "corpus/cache_directory.h"
#include "corpus/split_text.h"
#include "kernels/gemm/panels.h"
#include "spheres/spheres.h"
#include "store/checkpoint.h"
#include "text/tokenizer_file.h"
#include "text/tokenizer_trainer.h"
#include "train/memory_estimate.h"

namespace cllm {
namespace {

constexpr double kPeakMilliseconds = 60;
constexpr double kDefaultSeconds = 600;
constexpr double kMeasureShare = 0.04;  // of the time goes into measuring a step

size_t UsableCores() { return PlanSpheres({}).leaves; }

TextOptions TextOf(const RunConfig& config) {
  TextOptions options;
  options.corpus = {.paths = config.text, .field = config.field, .separator = config.separator};
  options.validation_paths = config.validation;
  options.cache_directory = DefaultCacheDirectory();
  return options;
}

Result<Tokenizer> MakeTokenizer(const RunConfig& config, const SplitText& text, size_t threads) {
  if (!IsTokenizerSpec(config.tokenizer)) return LoadTokenizer(config.tokenizer);
  CLLM_ASSIGN(const TokenizerSpec spec, ParseTokenizerSpec(config.tokenizer));
  return TrainTokenizer(spec, text.Source(CorpusPart::kTraining), threads);
}

// --from: shape and tokenizer are the model's.
Status TakeShape(const OpenedModel& model, RunConfig& config) {
  for (const Dimension& dimension : Dimensions()) {
    const auto chosen = dimension.Text(config);
    if (const std::string there = dimension.Text(model.shape()); chosen && *chosen != there) {
      return Usage(fmt::format("--{} is {}, but the model that --from names has {}; drop the option", dimension.name,
                               *chosen, there));
    }
    dimension.Take(model.shape(), config);
  }
  if (!config.tokenizer.empty() && config.tokenizer != model.tokenizer.name()) {
    return Usage(fmt::format("--tokenizer is {}, but the model that --from names has {}; drop the option",
                             config.tokenizer, model.tokenizer.name()));
  }
  config.tokenizer = model.tokenizer.name();
  return {};
}

Result<PreparedCorpus> PrepareText(const SplitText& text, const Tokenizer& tokenizer, size_t threads,
                                   RunObserver& observer) {
  CLLM_ASSIGN(PreparedCorpus corpus, Prepare(text, tokenizer, {.threads = threads, .progress = {}}));
  for (const std::string& note : corpus.notes()) observer.OnNote({note});
  return corpus;
}

// What is left of the asked time for steps, evaluations and saves.
double TrainingSeconds(double asked, double started) {
  constexpr double kEnd_s = 0.5;  // samples, starting and joining the workers
  return std::max(2.0, asked - (MonotonicSeconds() - started) - kEnd_s);
}

Status Plan(double started, RunSetup& setup) {
  RunConfig& config = setup.config;
  const size_t vocabulary = setup.tokenizer->vocabulary();
  const bool timed = !config.steps;
  const double asked = config.time_s.value_or(kDefaultSeconds);
  CLLM_TRY(PlanModel(*setup.corpus, vocabulary, timed ? TrainingSeconds(asked, started) : 0, setup.machine, config));
  CLLM_TRY(CheckRunConfig(config));
  CLLM_TRY(CheckLongEnough(*setup.corpus, *config.context));
  CLLM_TRY(CheckResources(setup, "", nullptr));
  if (timed) {
    CLLM_ASSIGN(setup.step_seconds, MeasureStep(config, *setup.tokenizer, kMeasureShare * asked));
    PlanSteps(TrainingSeconds(asked, started), setup.step_seconds, config);
  } else {
    PlanSteps(0, 0, config);
  }
  config.time_s.reset();
  return {};
}

// The nearest directory above a path that is there.
std::string Existing(std::string path) {
  while (!PathExists(path) && path != ParentPath(path)) path = ParentPath(path);
  return path;
}

void NotePrecision(const RunConfig& config, RunObserver& observer) {
  if (config.precision != "bf16" || !EmulatesBf16()) return;
  observer.OnNote(
      {"this processor has no bf16 products, or slow ones: they are done in fp32, with the same result and "
       "slower than --precision fp32"});
}

void NoteNumerics(const RunConfig& config, RunObserver& observer) {
  if (config.numerics == kNumerics) return;
  observer.OnNote({fmt::format(
      "the configuration is of numerics {}, this program has {}: the weights' last bits will not be those of then",
      config.numerics, kNumerics)});
}

}  // namespace

Result<RunSetup> SetUpRun(RunConfig config, double started, RunObserver& observer) {
  RunSetup setup;
  NotePrecision(config, observer);
  NoteNumerics(config, observer);
  const size_t threads = config.threads != 0 ? config.threads : UsableCores();
  CLLM_ASSIGN(const SplitText text, SplitText::Open(TextOf(config)));
  setup.machine = MeasureMachine(std::min(threads, UsableCores()), kPeakMilliseconds);
  if (!config.from.empty()) {
    CLLM_ASSIGN(OpenedModel model, OpenModel(config.from));
    setup.from = std::make_unique<OpenedModel>(std::move(model));
    CLLM_TRY(TakeShape(*setup.from, config));
    setup.tokenizer = std::make_unique<Tokenizer>(setup.from->tokenizer);
  } else {
    if (config.tokenizer.empty()) {
      config.tokenizer = PlanTokenizer(text.statistics().bytes, config.time_s.value_or(kDefaultSeconds), setup.machine);
    }
    CLLM_ASSIGN(Tokenizer tokenizer, MakeTokenizer(config, text, UsableCores()));
    setup.tokenizer = std::make_unique<Tokenizer>(std::move(tokenizer));
  }
  CLLM_ASSIGN(PreparedCorpus corpus, PrepareText(text, *setup.tokenizer, UsableCores(), observer));
  setup.corpus = std::make_unique<PreparedCorpus>(std::move(corpus));
  setup.config = std::move(config);
  CLLM_TRY(Plan(started, setup));
  return setup;
}

Result<RunSetup> SetUpResume(const RunPaths& paths, RunConfig config, RunObserver& observer) {
  RunSetup setup;
  NotePrecision(config, observer);
  NoteNumerics(config, observer);
  CLLM_ASSIGN(const SplitText text, SplitText::Open(TextOf(config)));
  setup.machine = MeasureMachine(std::min(config.threads != 0 ? config.threads : UsableCores(), UsableCores()),
                                 kPeakMilliseconds);
  CLLM_ASSIGN(Tokenizer tokenizer, LoadTokenizer(paths.run));
  setup.tokenizer = std::make_unique<Tokenizer>(std::move(tokenizer));
  CLLM_ASSIGN(PreparedCorpus corpus, PrepareText(text, *setup.tokenizer, UsableCores(), observer));
  setup.corpus = std::make_unique<PreparedCorpus>(std::move(corpus));
  setup.config = std::move(config);
  CLLM_TRY(CheckLongEnough(*setup.corpus, *setup.config.context));
  return setup;
}

Status CheckResources(const RunSetup& setup, const std::string& directory, std::string* text) {
  const RunConfig& c = setup.config;
  RunConfig sized = c;
  if (!sized.steps) sized.steps = 1;
  SpheresOptions spheres;
  spheres.leaves = c.threads;
  const SpherePlan plan = PlanSpheres(spheres);
  CLLM_ASSIGN(const ModelShape model, c.Shape(setup.tokenizer->vocabulary()));
  const MemoryEstimate m = EstimateMemory(model, sized.Step(), plan);
  if (text != nullptr) *text = m.Text();
  const uint64_t available = ReadMachineMemory().available;
  if (m.total() > available) {
    return NoResources(fmt::format("the run needs {} of memory, {} are available; choose a smaller --width, --layers, "
                                   "--context or --item, or fewer --threads",
                                   FormatBytes(m.total()), FormatBytes(available)));
  }
  if (directory.empty()) return {};
  // Three checkpoints and the best stay, and a fifth is written before the oldest goes.
  constexpr uint64_t kCheckpoints = 5;
  PosixFileSystem files;
  CLLM_ASSIGN(const std::vector<uint64_t> there, Checkpoints(files, directory).Steps());
  const uint64_t missing = std::max<uint64_t>(kCheckpoints, there.size() + 1) - there.size();
  const uint64_t needed = missing * (m.weights + m.optimizer) + (1 << 20);
  CLLM_ASSIGN(const uint64_t disk, files.FreeBytes(Existing(directory)));
  if (disk >= needed) return {};
  return NoResources(fmt::format("{}: the run's checkpoints need {} of disk, {} are free", directory,
                                 FormatBytes(needed), FormatBytes(disk)));
}

}  // namespace cllm
