#include "run/export_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>

#include "base/file.h"
#include "base/path.h"
#include "interop/foreign_model.h"
#include "monitor/phase.h"
#include "run/open_model.h"
#include "run/run_config.h"
#include "store/run_directory.h"

namespace cllm {
namespace {

constexpr size_t kVerifiedTokens = 256;

std::string LastName(const std::string& path) { return std::filesystem::path(path).filename().string(); }

// The run that a model is a checkpoint of, RUN/checkpoints/step-N; else the model's own path.
std::string RunOf(const std::string& directory) {
  const std::string parent = ParentPath(directory);
  return LastName(parent) == "checkpoints" ? ParentPath(parent) : directory;
}

std::string NameOfModel(const std::string& run) {
  const std::string name = LastName(run);
  return name.ends_with(kGgufEnding) && name != kGgufEnding ? name.substr(0, name.size() - kGgufEnding.size()) : name;
}

// Where the weights come from, for the model's card.
Result<std::string> OriginOf(const std::string& run) {
  if (!PathExists(RunPaths{run}.config())) return std::string("Converted with cllm.");
  CLLM_ASSIGN(const RunChoices choices, ReadRunChoices(run));
  if (choices.from.empty()) return std::string("Trained from scratch with cllm, on a text of its author's choice.");
  return fmt::format("Trained further with cllm, from the weights of {}.", LastName(choices.from));
}

// A directory and, of GGUF, the file's name in it without .gguf.
struct Place {
  std::string directory, stem;
};

Result<Place> PlaceOf(const ExportRequest& request, const std::string& name) {
  const std::string& out = request.out;
  if (request.choice.format == ExportFormat::kHuggingFace) {
    return Place{out.empty() ? name + "-hf" : out, name};
  }
  const std::string stem = fmt::format("{}-{}", name, NameOf(request.choice.type));
  if (out.empty()) return Place{".", stem};
  if (out.ends_with(kGgufEnding) && !IsDirectory(out)) {
    const std::string file = LastName(out);
    if (file != kGgufEnding) return Place{ParentPath(out), file.substr(0, file.size() - kGgufEnding.size())};
  }
  if (IsDirectory(out) || out.ends_with('/')) return Place{out, stem};
  return Usage(fmt::format("`out` is '{}', expected a file's name that ends in {}, or a directory", out, kGgufEnding));
}

// What the types keep of each tensor is what the files have, bit for bit.
Status CompareTensors(const Parameters& written, const StoredModel& read, const ExportChoice& choice,
                      const std::string& path) {
  if (!(read.shape == written.shape())) {
    return Failed(fmt::format("{}: read back as {}, expected {}", path, DescribeShape(read.shape),
                              DescribeShape(written.shape())));
  }
  for (const TensorInfo& info : written.layout().tensors()) {
    const TensorType type = info.is_norm() ? TensorType::kF32 : MatrixType(choice.type, info.columns);
    std::vector<float> expected(info.size()), found(info.size());
    DecodeRows(RowsOf(written, info, type), expected);
    DecodeRows(read.tensors[info.index], found);
    if (std::memcmp(expected.data(), found.data(), expected.size() * sizeof(float)) == 0) continue;
    return Failed(fmt::format("{}: the tensor {} was read back with other numbers than were written", path, info.name));
  }
  return {};
}

Result<LogitComparison> Verify(const OpenedModel& model, Parameters parameters, const ExportChoice& choice,
                               const std::string& path) {
  CLLM_ASSIGN(ForeignModel read, OpenForeignModel(path));
  CLLM_TRY(CompareTensors(parameters, read.stored, choice, path));
  if (read.tokenizer.hash() != model.tokenizer.hash()) {
    return Failed(fmt::format("{}: the tokenizer was read back as another one", path));
  }
  if (read.chat != model.chat) return Failed(fmt::format("{}: the chat template was read back as another one", path));
  const Weights exported(std::move(read.stored), Storage::kF32), own(std::move(parameters), Storage::kF32);
  const LogitComparison comparison = CompareLogits(own, exported, OwnText(own, model.tokenizer, kVerifiedTokens));
  const bool exact = choice.type == TensorType::kF32;
  if (comparison.largest_difference <= (exact ? 0 : std::numeric_limits<double>::max())) return comparison;
  return Failed(fmt::format("{}: a logit of what was read back is {} away from the model's", path,
                            comparison.largest_difference));
}

}  // namespace

Result<ExportOutcome> ExportModel(const ExportRequest& request, RunObserver& observer) {
  auto opening = std::make_unique<Phase>(observer, "opening the model");
  CLLM_ASSIGN(OpenedModel model, OpenModel(request.model));
  Parameters parameters = ParametersOf(model.stored);
  opening.reset();
  const std::string run = RunOf(model.path);
  CLLM_ASSIGN(const std::string origin, OriginOf(run));
  const ExportedModel exported{parameters, model.tokenizer, NameOfModel(run), origin, model.chat};
  CLLM_TRY(CheckExportable(exported, request.choice));
  CLLM_ASSIGN(const Place place, PlaceOf(request, exported.name));
  const std::vector<CheckpointFile> files = ExportedFiles(exported, request.choice, place.stem);
  ExportOutcome outcome{.bytes = files.back().bytes, .notes = ExportNotes(model.shape(), request.choice)};
  for (const CheckpointFile& file : files) {
    outcome.files.push_back(place.directory == "." ? file.name : JoinPath(place.directory, file.name));
  }
  const bool is_file = request.choice.format == ExportFormat::kGguf;
  outcome.path = is_file ? outcome.files.back() : place.directory;
  PosixFileSystem system;
  {
    const Phase phase(observer, "writing");
    CLLM_TRY(WriteFileGroup(system, place.directory, files, request.if_there));
  }
  if (request.verify) {
    const Phase phase(observer, "verifying");
    CLLM_ASSIGN(outcome.comparison, Verify(model, std::move(parameters), request.choice, outcome.path));
  }
  return outcome;
}

}  // namespace cllm
