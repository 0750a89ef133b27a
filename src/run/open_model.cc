#include "run/open_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/path.h"
#include "interop/foreign_model.h"
#include "model/model_file.h"
#include "store/checkpoint.h"
#include "store/manifest.h"
#include "store/run_directory.h"
#include "text/chat_template_file.h"
#include "text/tokenizer_file.h"

namespace cllm {
namespace {

constexpr const char* kExpected = "expected a run, RUN@latest, RUN@STEP, a checkpoint, a directory with "
                                  "model.safetensors, tokenizer.json and lattice.json, a .gguf file, or a directory of "
                                  "Hugging Face's";

bool Holds(const std::string& directory, const char* name) { return PathExists(JoinPath(directory, name)); }

// The path with its symlinks resolved, so that "two levels up" of RUN/best is the run.
Result<std::string> Resolved(const std::string& directory) {
  std::error_code error;
  std::string resolved = std::filesystem::canonical(directory, error).string();
  if (error) return BadInput(fmt::format("{}: cannot be resolved: {}", directory, error.message()));
  return resolved;
}

Result<std::string> CheckpointOf(const std::string& run, const std::string& which) {
  CLLM_TRY(CheckRunDirectory(run));
  PosixFileSystem files;
  return Checkpoints(files, run).Find(which);
}

// The model file has the size and hash it was written with; returns the step. The other files do not matter here.
Result<uint64_t> VerifyModelFile(const std::string& directory) {
  CLLM_ASSIGN(Manifest manifest, ReadManifest(directory));
  std::erase_if(manifest.files, [](const ManifestFile& file) { return file.name != kModelFileName; });
  if (manifest.files.empty()) {
    return BadInput(fmt::format("{}: expected an entry for {}, found none", JoinPath(directory, kManifestName),
                                kModelFileName));
  }
  CLLM_TRY(VerifyFiles(directory, manifest));
  return manifest.step;
}

// Beside the model, or in the run of the checkpoint RUN/checkpoints/step-N.
Result<std::string> TokenizerDirectory(const std::string& directory) {
  const std::string run = ParentPath(ParentPath(directory));
  for (const std::string& each : {directory, run}) {
    if (Holds(each, kTokenizerFileName)) return each;
  }
  return BadInput(fmt::format("{}: expected {} beside the model or in {}, found it in neither", directory,
                              kTokenizerFileName, run));
}

// As it lies there.
Result<OpenedModel> OpenForeign(const std::string& model) {
  CLLM_ASSIGN(std::string path, Resolved(model));
  CLLM_ASSIGN(ForeignModel foreign, OpenForeignModel(model));
  CLLM_TRY(CheckFinite(foreign.stored, model));
  std::string file = IsDirectory(path) ? JoinPath(path, kHuggingFaceConfig) : path;
  return OpenedModel{.stored = std::move(foreign.stored),
                     .tokenizer = std::move(foreign.tokenizer),
                     .chat = foreign.chat,
                     .path = std::move(path),
                     .file = std::move(file),
                     .notes = std::move(foreign.notes)};
}

}  // namespace

Result<std::string> ModelDirectory(const std::string& model) {
  // A path with an @ in its name is itself before it is RUN@STEP.
  const size_t at = std::min(model.rfind('@'), model.size());
  const std::string run = model.substr(0, at);
  if (!PathExists(model) && at < model.size() && PathExists(run)) return CheckpointOf(run, model.substr(at + 1));
  if (!PathExists(model)) {
    return BadInput(fmt::format("{}: {}, found nothing there; `cllm runs` lists the runs", model, kExpected));
  }
  if (IsForeignModel(model)) {
    return BadInput(
        fmt::format("{}: a model of another program, which has no hashes to check; expected a run or a model "
                    "of ours",
                    model));
  }
  if (!IsDirectory(model)) return BadInput(fmt::format("{}: {}, found another file", model, kExpected));
  if (Holds(model, kModelFileName) || Holds(model, kManifestName)) return model;
  if (PathExists(RunPaths{model}.config())) return CheckpointOf(model, "best");
  return BadInput(fmt::format("{}: {}, found a directory without any of them", model, kExpected));
}

Result<OpenedModel> OpenModel(const std::string& model) {
  if (IsForeignModel(model)) return OpenForeign(model);
  CLLM_ASSIGN(const std::string named, ModelDirectory(model));
  CLLM_ASSIGN(const std::string directory, Resolved(named));
  uint64_t step = 0;
  if (Holds(directory, kManifestName)) {
    CLLM_ASSIGN(step, VerifyModelFile(directory));
  }
  CLLM_ASSIGN(const std::string tokenizer_directory, TokenizerDirectory(directory));
  CLLM_ASSIGN(Tokenizer tokenizer, LoadTokenizer(tokenizer_directory));
  CLLM_ASSIGN(const ChatTemplate* const chat, LoadChatTemplate(tokenizer_directory));
  const std::string path = JoinPath(directory, kModelFileName);
  CLLM_ASSIGN(StoredModel stored, OpenModelFile(path));
  if (stored.shape.vocabulary != tokenizer.vocabulary()) {
    return BadInput(fmt::format("{}: a model of {} tokens, expected {} as in {}", path, stored.shape.vocabulary,
                                tokenizer.vocabulary(), JoinPath(tokenizer_directory, kTokenizerFileName)));
  }
  return OpenedModel{.stored = std::move(stored),
                     .tokenizer = std::move(tokenizer),
                     .chat = chat,
                     .path = directory,
                     .file = path,
                     .step = step};
}

Result<Tokenizer> TokenizerOf(const std::string& model) {
  if (IsForeignModel(model)) {
    CLLM_ASSIGN(ForeignModel foreign, OpenForeignModel(model));
    return std::move(foreign.tokenizer);
  }
  // A path with an @ in its name is itself before it is RUN@STEP, whose steps share one tokenizer.
  const std::string directory = PathExists(model) ? model : model.substr(0, model.rfind('@'));
  if (!Holds(directory, kTokenizerFileName) && Holds(directory, "../../tokenizer.json")) {
    return LoadTokenizer(JoinPath(directory, "../.."));
  }
  return LoadTokenizer(directory);
}

}  // namespace cllm
