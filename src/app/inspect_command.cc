#include <fmt/format.h>

#include <iostream>

#include "app/command.h"
#include "app/command_line.h"
#include "app/inspect_lattice.h"
#include "base/file.h"
#include "base/units.h"
#include "infer/open_model.h"
#include "spheres/spheres.h"
#include "store/checkpoint.h"
#include "store/config_file.h"
#include "store/json.h"
#include "store/run_directory.h"
#include "train/run_config.h"
#include "train/run_state.h"

namespace cllm {
namespace {

struct InspectFlags {
  std::string path;
  std::vector<std::string> lattice;  // "lattice" and a token
  bool verify = false, memory = false, json = false;
};

Status PrintModel(const OpenedModel& model, bool json) {
  const ModelConfig& c = model.config;
  const size_t parameters = ParameterLayout(c).parameters();
  if (json) {
    JsonArray tensors;
    for (const TensorInfo& t : model.parameters.layout().tensors()) {
      tensors.push_back(JsonFields{{"name", t.name}, {"shape", JsonArray{t.rows, t.columns}}});
    }
    std::cout << WriteJson({{"layers", c.layers}, {"heads", c.heads}, {"width", c.width}, {"hidden", c.hidden},
                            {"context", c.context}, {"vocabulary", c.vocabulary}, {"parameters", parameters},
                            {"tokenizer", model.tokenizer.name()}, {"weights_xxh3", WeightHash(model.parameters)},
                            {"tensors", tensors}})
              << "\n";
    return {};
  }
  std::cout << fmt::format(
      "model       {} parameters: {} layers, {} heads, width {}, hidden {}, context {}\ntokenizer   {}, {} tokens\n"
      "weights     XXH3 {}\nread from   {}\n",
      FormatCount(parameters), c.layers, c.heads, c.width, c.hidden, c.context, model.tokenizer.name(), c.vocabulary,
      WeightHash(model.parameters), model.directory);
  for (const TensorInfo& t : model.parameters.layout().tensors()) {
    std::cout << fmt::format("  {:<28} [{}, {}]\n", t.name, t.rows, t.columns);
  }
  return {};
}

Status PrintCheckpoints(const std::string& run) {
  PosixFileSystem files;
  const Checkpoints checkpoints(files, run);
  CLLM_ASSIGN(const std::vector<uint64_t> steps, checkpoints.Steps());
  for (const uint64_t step : steps) {
    const std::string directory = checkpoints.Directory(step);
    const Result<RunState> state = ReadState(directory);
    if (!state.ok()) {
      std::cout << fmt::format("checkpoint  step {}: {}\n", step, state.status().message());
      continue;
    }
    std::cout << fmt::format("checkpoint  step {} of {}, {} tokens, smoothed loss {:.4f}, {} of training\n", step,
                             state->schedule.total(), FormatCount(state->tokens), state->smooth_loss,
                             FormatDuration(state->elapsed_s));
  }
  return {};
}

// Every hash of every checkpoint of a run, or of one checkpoint.
Status Verify(const std::string& path) {
  std::vector<std::string> directories = {path};
  if (PathExists(RunPaths{path}.config())) {
    PosixFileSystem files;
    const Checkpoints checkpoints(files, path);
    CLLM_ASSIGN(const std::vector<uint64_t> steps, checkpoints.Steps());
    directories.clear();
    for (const uint64_t step : steps) directories.push_back(checkpoints.Directory(step));
    if (steps.empty()) return BadInput(fmt::format("{}: expected a run with checkpoints, found none", path));
  }
  Status first_fault;
  for (const std::string& directory : directories) {
    const Status status = VerifyCheckpoint(directory);
    std::cout << fmt::format("{}: {}\n", directory, status.ok() ? "every hash is right" : status.message());
    if (first_fault.ok()) first_fault = status;
  }
  return first_fault;
}

Status PrintMemory(const std::string& run) {
  CLLM_TRY(CheckRunDirectory(run));
  RunConfig config;
  CLLM_ASSIGN(const std::vector<ConfigEntry> entries, ReadConfig(RunPaths{run}.config()));
  CLLM_TRY(ApplyEntries(entries, RunPaths{run}.config(), config));
  CLLM_ASSIGN(const OpenedModel model, OpenModel(run));
  SpheresOptions spheres;
  spheres.leaves = config.threads;
  const SpherePlan plan = PlanSpheres(spheres);
  const MemoryEstimate m =
      EstimateMemory(model.config, config.Step(), plan.leaves, plan.cache_domains, plan.permits);
  const auto row = [](const char* name, size_t bytes) {
    std::cout << fmt::format("  {:<22} {:>12}\n", name, FormatBytes(bytes));
  };
  std::cout << fmt::format("memory of training with {} workers\n", plan.leaves);
  row("context of a worker", m.context_per_worker);
  row("stack of a worker", m.stack_per_worker);
  row("all workers", m.contexts);
  row("accumulators", m.accumulators);
  row("weights", m.weights);
  row("optimizer", m.optimizer);
  row("packed weights", m.packs);
  row("update scratch", m.update_scratch);
  row("total", m.total());
  return {};
}

}  // namespace

Status InspectCommand(const std::vector<std::string>& arguments) {
  CommandLine line("inspect", "Shows a run, model or checkpoint, or its token lattice.",
                   "cllm inspect runs/book-1\n  cllm inspect runs/book-1 lattice \" light\"\n  cllm inspect runs/book-1 "
                   "--verify");
  InspectFlags flags;
  line.AddRequiredText("MODEL", flags.path, "a run, RUN@latest, RUN@STEP, a checkpoint or a model directory");
  line.AddTexts("lattice", flags.lattice, "the word `lattice`, and a token's text or #ID");
  line.AddFlag("--verify", flags.verify, "check every hash of the checkpoints");
  line.AddFlag("--memory", flags.memory, "the memory that training the run takes, part by part");
  line.AddFlag("--json", flags.json, "machine output");
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  if (flags.verify) return Verify(flags.path);
  if (flags.memory) return PrintMemory(flags.path);
  if (flags.lattice.size() > 2 || (!flags.lattice.empty() && flags.lattice[0] != "lattice")) {
    return Usage(fmt::format("'{}', expected `lattice` and at most one token after the model",
                             flags.lattice.size() > 2 ? flags.lattice[2] : flags.lattice[0]));
  }
  CLLM_ASSIGN(const OpenedModel model, OpenModel(flags.path));
  if (!flags.lattice.empty()) {
    return PrintLattice(model.tokenizer, flags.lattice.size() > 1 ? flags.lattice[1] : "", flags.json);
  }
  CLLM_TRY(PrintModel(model, flags.json));
  if (flags.json || !PathExists(RunPaths{flags.path}.config())) return {};
  return PrintCheckpoints(flags.path);
}

}  // namespace cllm
