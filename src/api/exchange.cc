#include "cllm/exchange.h"

#include <utility>

#include "api/loaded_model.h"
#include "api/watcher.h"
#include "run/export_model.h"
#include "run/import_model.h"

namespace cllm {
namespace {

TensorType TypeOf(NumberType type) {
  switch (type) {
    case NumberType::kF16: return TensorType::kF16;
    case NumberType::kBf16: return TensorType::kBF16;
    case NumberType::kQ8_0: return TensorType::kQ8_0;
    case NumberType::kF32: break;
  }
  return TensorType::kF32;
}

IfThere IfThereOf(IfFileExists choice) {
  return choice == IfFileExists::kReplace ? IfThere::kReplace : IfThere::kRefuse;
}

ExportResult ExportedOf(ExportOutcome outcome) {
  ExportResult exported{.path = std::move(outcome.path), .files = std::move(outcome.files), .bytes = outcome.bytes};
  if (outcome.comparison) {
    exported.largest_difference = outcome.comparison->largest_difference;
    exported.largest_logit = outcome.comparison->largest_logit;
    exported.positions = outcome.comparison->positions;
  }
  return exported;
}

Result<ExportResult> ExportFiles(const std::string& model, const ExportOptions& options, Watcher& watcher) {
  const bool gguf = options.format == FileFormat::kGguf;
  CLLM_ASSIGN(ExportOutcome outcome,
              ExportModel({.model = model,
                           .choice = {.format = gguf ? ExportFormat::kGguf : ExportFormat::kHuggingFace,
                                      .type = TypeOf(options.type)},
                           .out = options.out,
                           .if_there = IfThereOf(options.if_exists),
                           .verify = options.verify},
                          watcher));
  for (const std::string& note : outcome.notes) watcher.Tell(Note{note});
  return ExportedOf(std::move(outcome));
}

Result<ModelInfo> ImportFiles(const std::string& path, const std::string& directory, IfFileExists if_exists,
                              Watcher& watcher) {
  if (directory.empty()) return Usage("no `directory` named, expected one for the model");
  CLLM_ASSIGN(const ImportOutcome outcome, ImportModel(path, directory, IfThereOf(if_exists), watcher));
  for (const std::string& note : outcome.notes) watcher.Tell(Note{note});
  ModelInfo info = InfoOf(outcome.shape, outcome.tokenizer);
  info.directory = outcome.directory;
  return info;
}

}  // namespace

inline namespace api {

Expected<ExportResult> Export(const std::string& model, const ExportOptions& options, const Watch& watch) {
  Watcher watcher(watch);
  return RunWatched<ExportResult>(watcher, "what was written already stays",
                                   [&] { return ExportFiles(model, options, watcher); });
}

Expected<ModelInfo> Import(const std::string& path, const std::string& directory, IfFileExists if_exists,
                           const Watch& watch) {
  Watcher watcher(watch);
  return RunWatched<ModelInfo>(watcher, "what was written already stays",
                               [&] { return ImportFiles(path, directory, if_exists, watcher); });
}

}  // namespace api
}  // namespace cllm
