#include <fmt/format.h>

#include <iostream>
#include <optional>

#include "app/arguments/command_line.h"
#include "app/command.h"
#include "app/inspect_lattice.h"
#include "app/model_argument.h"
#include "base/file.h"
#include "base/units.h"
#include "run/log_outline.h"
#include "run/open_model.h"
#include "run/resources.h"
#include "run/run_config.h"
#include "run/run_plan.h"
#include "run/run_record.h"
#include "store/checkpoint.h"
#include "store/json.h"
#include "store/run_directory.h"
#include "terminal/terminal_text.h"
#include "train/run_state.h"

namespace cllm {
namespace {

struct InspectFlags {
  std::string path;
  std::vector<std::string> lattice;  // "lattice" and a token
  bool verify = false, memory = false, tensors = false, json = false;
};

JsonFields ModelFields(const OpenedModel& model) {
  JsonFields fields;
  for (const Dimension& dimension : Dimensions()) {
    std::visit([&](const auto at) { fields.push_back({std::string(dimension.name), model.shape().*at.value}); },
               dimension.place);
  }
  JsonArray tensors;
  const ParameterLayout layout(model.shape());
  for (const TensorInfo& t : layout.tensors()) {
    tensors.push_back(JsonFields{{"name", t.name}, {"shape", JsonArray{t.rows, t.columns}}});
  }
  fields.push_back({"parameters", layout.parameters()});
  fields.push_back({"tokenizer", model.tokenizer.name()});
  fields.push_back({"weights_xxh3", WeightHash(model.stored)});
  fields.push_back({"read_from", model.path});
  fields.push_back({"tensors", tensors});
  return fields;
}

void AddRun(const RunRecord& run, JsonFields& fields) {
  fields.push_back({"state", NameOf(run.condition)});
  fields.push_back({"text", run.Text()});
  fields.push_back({"step", run.step});
  fields.push_back({"steps", run.time_left_s ? JsonValue() : run.planned});
  fields.push_back({"seconds_left", run.time_left_s ? *run.time_left_s : JsonValue()});
  if (run.score) {
    fields.push_back({"bits_per_byte", run.score->bits_per_byte});
    fields.push_back({"best_step", run.score->step});
    fields.push_back({"whole", run.score->whole});
  }
}

// What a person wants to know of a run first: what it is of, how far it came, how good it is, and what to do with it.
void PrintRun(const RunRecord& run) {
  const std::string cllm = ProgramName(), path = ForTerminal(run.path);
  std::cout << fmt::format("run         {}, {}{}\ntext        {}\nsteps       {}, {} tokens, {} of training\n", path,
                           NameOf(run.condition),
                           run.reason.empty() ? "" : fmt::format(" ({})", ForTerminal(run.reason)),
                           ForTerminal(run.Text()), run.Steps(), FormatCount(run.tokens), FormatDuration(run.seconds));
  if (run.score) {
    std::cout << fmt::format("best        {:.4f} bits per byte, {:.4f} nats per token over {} (step {})\n",
                             run.score->bits_per_byte, run.score->nats,
                             run.score->whole ? "the whole validation part" : "a sample of the validation part",
                             run.score->step);
  }
}

// What the last step of a run on several ranks sent and waited for, as its log has it; "" for others.
std::string ExchangeText(const JsonObject& step) {
  const auto real = [&](const char* name) { return step.Real(name).ok() ? *step.Real(name) : 0.0; };
  const auto bytes = [&](const char* name) { return step.Unsigned(name).ok() ? *step.Unsigned(name) : 0; };
  if (step.Find("sent_bytes") == nullptr) return "";
  return fmt::format(
      "{} sent and {} received by the first rank in the last step, {:.3g} s of messages, {:.3g} s for ranks "
      "at their items",
      FormatBytes(bytes("sent_bytes")), FormatBytes(bytes("received_bytes")), real("messages_s"), real("peers_s"));
}

void PrintExchange(const std::string& run) {
  LogOutline log;
  log.ReadMore(RunPaths{run}.log());
  const std::optional<JsonObject> step = log.LastStep();
  const std::string text = step ? ExchangeText(*step) : "";
  if (!text.empty()) std::cout << fmt::format("exchange    {}\n", text);
}

void PrintNext(const RunRecord& run) {
  const std::string cllm = ProgramName(), path = ForTerminal(run.path);
  if (run.condition == RunCondition::kDamaged) return;
  std::cout << fmt::format("generate    {} generate {} -p \"Once\"\n", cllm, path);
  if (run.condition == RunCondition::kStopped) std::cout << fmt::format("go on       {} resume {}\n", cllm, path);
  if (run.condition == RunCondition::kFinished) {
    const uint64_t steps = run.step < run.planned && !run.time_left_s ? run.planned : 2 * run.planned;
    std::cout << fmt::format("go on       {} resume {} --steps {}\n", cllm, path, steps);
  }
}

void PrintModel(const OpenedModel& model) {
  std::cout << fmt::format(
      "model       {} parameters: {}\ntokenizer   {}, {} tokens\nweights     XXH3 {}\nread from   {}\n",
      FormatCount(ParameterLayout(model.shape()).parameters()), DescribeShape(model.shape()), model.tokenizer.name(),
      model.shape().vocabulary, WeightHash(model.stored), model.path);
}

void PrintTensors(const OpenedModel& model) {
  const ParameterLayout layout(model.shape());
  for (const TensorInfo& t : layout.tensors()) {
    std::cout << fmt::format("  {:<28} [{}, {}]\n", t.name, t.rows, t.columns);
  }
}

// A checkpoint of a run as it lies there; the state is an error where it cannot be read.
struct StoredCheckpoint {
  uint64_t step;
  Result<RunState> state;
};
Result<std::vector<StoredCheckpoint>> CheckpointsOf(const std::string& run) {
  PosixFileSystem files;
  const Checkpoints checkpoints(files, run);
  CLLM_ASSIGN(const std::vector<uint64_t> steps, checkpoints.Steps());
  std::vector<StoredCheckpoint> found;
  for (const uint64_t step : steps) found.push_back({step, ReadState(checkpoints.Directory(step))});
  return found;
}

JsonArray ToJson(const std::vector<StoredCheckpoint>& checkpoints) {
  JsonArray all;
  for (const auto& [step, state] : checkpoints) {
    if (!state.ok()) {
      all.push_back(JsonFields{{"step", step}, {"fault", state.status().message()}});
      continue;
    }
    all.push_back(JsonFields{{"step", step},
                             {"fault", {}},
                             {"steps", state->schedule.open() ? JsonValue() : state->schedule.total()},
                             {"tokens", state->tokens},
                             {"smoothed_loss", state->smooth_loss},
                             {"seconds", state->elapsed_s}});
  }
  return all;
}

void Print(const std::vector<StoredCheckpoint>& checkpoints) {
  for (const auto& [step, state] : checkpoints) {
    if (!state.ok()) {
      std::cout << fmt::format("checkpoint  step {}: {}\n", step, state.status().message());
      continue;
    }
    std::cout << fmt::format("checkpoint  step {}, {} tokens, smoothed loss {:.4f}, {} of training\n", step,
                             FormatCount(state->tokens), state->smooth_loss, FormatDuration(state->elapsed_s));
  }
}

// Every hash of every checkpoint of a run, or of one checkpoint.
Status Verify(const std::string& path, bool json) {
  std::vector<std::string> directories;
  if (!PathExists(RunPaths{path}.config())) {
    CLLM_ASSIGN(directories.emplace_back(), ModelDirectory(path));
  } else {
    PosixFileSystem files;
    const Checkpoints checkpoints(files, path);
    CLLM_ASSIGN(const std::vector<uint64_t> steps, checkpoints.Steps());
    for (const uint64_t step : steps) directories.push_back(checkpoints.Directory(step));
    if (steps.empty()) return BadInput(fmt::format("{}: expected a run with checkpoints, found none", path));
  }
  Status first_fault;
  JsonArray all;
  for (const std::string& directory : directories) {
    const Status status = VerifyCheckpoint(directory);
    all.push_back(JsonFields{{"checkpoint", directory}, {"fault", status.ok() ? JsonValue() : status.message()}});
    if (!json) std::cout << fmt::format("{}: {}\n", directory, status.ok() ? "every hash is right" : status.message());
    if (first_fault.ok()) first_fault = status;
  }
  if (json) std::cout << WriteJson({{"checkpoints", all}}) << "\n";
  return first_fault;
}

Status PrintMemory(const std::string& run, bool json) {
  CLLM_ASSIGN(const RunChoices choices, ReadRunChoices(run));
  CLLM_ASSIGN(const StepOptions options, StepOptionsOf(choices));
  CLLM_ASSIGN(const OpenedModel model, OpenModel(run));
  const MemoryEstimate m = TrainingMemory(model.shape(), options, choices.threads);
  JsonFields fields = {{"workers", m.workers}};
  std::string text = fmt::format("memory of training with {} workers\n", m.workers);
  const auto add = [&](const char* key, const char* name, size_t bytes) {
    fields.push_back({fmt::format("{}_bytes", key), bytes});
    text += fmt::format("  {:<22} {:>12}\n", name, FormatBytes(bytes));
  };
  for (const MemoryPart& part : MemoryPartsOfAWorker()) add(part.key, part.name, m.*part.bytes);
  for (const MemoryPart& part : MemoryParts()) {
    if (m.*part.bytes != 0) add(part.key, part.name, m.*part.bytes);  // nothing is exchanged by one rank
  }
  add("total", "total", m.total());
  std::cout << (json ? WriteJson(fields) + "\n" : text);
  return {};
}

}  // namespace

Outcome InspectCommand(const Arguments& arguments) {
  CommandLine line(
      "inspect", "Shows a run, model or checkpoint, or its token lattice.",
      "cllm inspect runs/book-1\n  cllm inspect runs/book-1 lattice \" light\"\n  cllm inspect runs/book-1 "
      "--verify");
  InspectFlags flags;
  AddModelArgument(line, flags.path);
  line.AddTexts("lattice", flags.lattice, "the word `lattice`, and a token's text or #ID");
  line.AddFlag("--verify", flags.verify, "check every hash of the checkpoints");
  line.AddFlag("--memory", flags.memory, "the memory that training the run takes, part by part");
  line.AddFlag("--tensors", flags.tensors, "every tensor with its shape");
  line.AddFlag("--json", flags.json, "machine output");
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  if (flags.verify) return Verify(flags.path, flags.json);
  if (flags.memory) return PrintMemory(flags.path, flags.json);
  if (flags.lattice.size() > 2 || (!flags.lattice.empty() && flags.lattice[0] != "lattice")) {
    return Usage(fmt::format("'{}', expected `lattice` and at most one token after the model",
                             flags.lattice.size() > 2 ? flags.lattice[2] : flags.lattice[0]));
  }
  CLLM_ASSIGN(const OpenedModel model, OpenModelAloud(flags.path));
  if (!flags.lattice.empty()) {
    return PrintLattice(model.tokenizer, flags.lattice.size() > 1 ? flags.lattice[1] : "", flags.json);
  }
  std::vector<StoredCheckpoint> checkpoints;
  std::optional<RunRecord> run;
  if (PathExists(RunPaths{flags.path}.config())) {
    CLLM_ASSIGN(checkpoints, CheckpointsOf(flags.path));
    CLLM_ASSIGN(run, ReadRunRecord(flags.path));
  }
  if (flags.json) {
    JsonFields fields = ModelFields(model);
    if (run) AddRun(*run, fields);
    fields.push_back({"checkpoints", ToJson(checkpoints)});
    std::cout << WriteJson(fields) << "\n";
    return {};
  }
  if (run) {
    PrintRun(*run);
    PrintExchange(run->path);
  }
  PrintModel(model);
  if (flags.tensors) PrintTensors(model);
  Print(checkpoints);
  if (run) PrintNext(*run);
  return {};
}

}  // namespace cllm
