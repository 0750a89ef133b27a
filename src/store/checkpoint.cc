#include "store/checkpoint.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/file.h"
#include "base/path.h"
#include "base/units.h"
#include "store/manifest.h"

namespace cllm {
namespace {

constexpr std::string_view kStepPrefix = "step-";
constexpr std::string_view kTemporaryPrefix = ".tmp-";
constexpr const char* kFolder = "checkpoints";

// The step of "step-N", if it is one.
std::optional<uint64_t> StepOf(std::string_view name) {
  if (!name.starts_with(kStepPrefix)) return std::nullopt;
  name.remove_prefix(kStepPrefix.size());
  uint64_t step = 0;
  const auto [stop, error] = std::from_chars(name.data(), name.data() + name.size(), step);
  if (error != std::errc() || stop != name.data() + name.size() || name != fmt::format("{}", step)) return std::nullopt;
  return step;
}

// Passes bytes on, counting and hashing them.
class HashingSink : public ByteSink {
 public:
  explicit HashingSink(OutputFile& file) : file_(file) {}
  Status Append(ByteView bytes) override {
    hasher_.Update(bytes);
    bytes_ += bytes.size();
    return file_.Append(bytes);
  }
  uint64_t bytes() const { return bytes_; }
  Hash128 hash() const { return hasher_.Digest(); }

 private:
  OutputFile& file_;
  Hasher hasher_;
  uint64_t bytes_ = 0;
};

// Writes one file of a checkpoint and syncs it.
Result<ManifestFile> WriteFile(FileSystem& files, const std::string& directory, const CheckpointFile& file) {
  const std::string path = JoinPath(directory, file.name);
  CLLM_ASSIGN(const std::unique_ptr<OutputFile> output, files.Create(path));
  HashingSink sink(*output);
  CLLM_TRY(file.write(sink));
  CHECK(sink.bytes() == file.bytes);
  CLLM_TRY(output->Sync());
  CLLM_TRY(output->Close());
  return ManifestFile{file.name, sink.bytes(), sink.hash().Hex()};
}

// The bytes of the files, and what their directory and manifest take at most.
uint64_t TotalBytes(const std::vector<CheckpointFile>& checkpoint) {
  constexpr uint64_t kBlock = 4096;
  uint64_t bytes = 4 * kBlock;
  for (const CheckpointFile& file : checkpoint) bytes += (file.bytes + kBlock - 1) / kBlock * kBlock;
  return bytes;
}

void RemoveIfPossible(FileSystem& files, const std::string& path) {
  const Status removed = RemoveTree(files, path);
  static_cast<void>(removed);
}

std::string Described(const std::vector<SkippedCheckpoint>& skipped) {
  std::string text;
  for (const SkippedCheckpoint& one : skipped) text += fmt::format("; step {}: {}", one.step, one.reason);
  return text;
}

CheckpointFile FileOf(std::string name, SafetensorsWriter tensors) {
  // Shared by the copies of the callback, which std::function makes copyable.
  auto writer = std::make_shared<const SafetensorsWriter>(std::move(tensors));
  return {std::move(name), writer->bytes(), [writer](ByteSink& sink) { return writer->Write(sink); }};
}

}  // namespace

Status VerifyCheckpoint(const std::string& directory) {
  CLLM_ASSIGN(const Manifest manifest, ReadManifest(directory));
  const std::optional<uint64_t> named = StepOf(directory.substr(directory.find_last_of('/') + 1));
  if (named && *named != manifest.step) {
    return BadInput(
        fmt::format("{}: expected step {} in {}, found {}", directory, *named, kManifestName, manifest.step));
  }
  return VerifyFiles(directory, manifest);
}

CheckpointFile TextFile(std::string name, std::string text) {
  const uint64_t bytes = text.size();
  return {std::move(name), bytes, [text = std::move(text)](ByteSink& sink) { return sink.Append(AsBytes(text)); }};
}

CheckpointFile TensorFile(std::string name, std::vector<TensorView> tensors, TensorMetadata metadata) {
  return FileOf(std::move(name), SafetensorsWriter(std::move(tensors), std::move(metadata)));
}

CheckpointFile TensorFile(std::string name, std::vector<WritableTensor> tensors, TensorMetadata metadata) {
  return FileOf(std::move(name), SafetensorsWriter(std::move(tensors), std::move(metadata)));
}

std::string Checkpoints::Directory(uint64_t step) const {
  return fmt::format("{}/{}{}", JoinPath(run_, kFolder), kStepPrefix, step);
}

void Checkpoints::RemoveStaleDirectories() {
  const std::string folder = JoinPath(run_, kFolder);
  const Result<std::vector<std::string>> names = files_->List(folder);
  if (!names.ok()) return;
  for (const std::string& name : *names) {
    if (name.starts_with(kTemporaryPrefix)) RemoveIfPossible(*files_, JoinPath(folder, name));
  }
}

Status Checkpoints::WriteDirectory(const std::string& directory, uint64_t step,
                                   const std::vector<CheckpointFile>& checkpoint) {
  const std::string folder = ParentPath(directory);
  const uint64_t bytes = TotalBytes(checkpoint);
  CLLM_ASSIGN(const bool first, files_->MakeDirectory(folder));
  if (first) CLLM_TRY(files_->SyncDirectory(run_));
  RemoveStaleDirectories();
  CLLM_ASSIGN(const uint64_t free, files_->FreeBytes(folder));
  if (free < bytes) return Failed(fmt::format("{}: only {} free", folder, FormatBytes(free)));
  CLLM_ASSIGN(const bool made, files_->MakeDirectory(directory));
  if (!made) return Failed(fmt::format("{}: left by an interrupted save and cannot be removed", directory));
  Manifest manifest{step, {}};
  for (const CheckpointFile& file : checkpoint) {
    CLLM_ASSIGN(ManifestFile written, WriteFile(*files_, directory, file));
    manifest.files.push_back(std::move(written));
  }
  CLLM_TRY(WriteFile(*files_, directory, TextFile(kManifestName, WriteManifest(manifest))));
  return files_->SyncDirectory(directory);
}

Status Checkpoints::Publish(uint64_t step) {
  CLLM_TRY(files_->SyncDirectory(JoinPath(run_, kFolder)));
  return ReplaceSymlink(*files_, fmt::format("{}/{}{}", kFolder, kStepPrefix, step), JoinPath(run_, "latest"));
}

Status Checkpoints::Save(uint64_t step, const std::vector<CheckpointFile>& checkpoint) {
  for (const CheckpointFile& file : checkpoint) CHECK(IsPlainFileName(file.name) && file.name != kManifestName);
  const std::string directory = Directory(step);
  const std::string temporary =
      fmt::format("{}/{}{}{}-{}", JoinPath(run_, kFolder), kTemporaryPrefix, kStepPrefix, step, getpid());
  Status status = WriteDirectory(temporary, step, checkpoint);
  if (status.ok()) {
    status = PathExists(directory) ? files_->Exchange(temporary, directory) : files_->Rename(temporary, directory);
  }
  if (!status.ok()) {
    RemoveIfPossible(*files_, temporary);  // else the next save does it
    const uint64_t bytes = TotalBytes(checkpoint);
    return Failed(fmt::format("the checkpoint of step {} was not saved (it needs {} bytes, {}): {}", step, bytes,
                              FormatBytes(bytes), status.message()));
  }
  status = Publish(step);
  if (!status.ok()) {
    return Failed(
        fmt::format("the checkpoint of step {} was written, but may not outlive a power failure or is not "
                    "yet the latest: {}",
                    step, status.message()));
  }
  if (PathExists(temporary)) RemoveIfPossible(*files_, temporary);  // the step N that was there before
  return {};
}

Status Checkpoints::PointBest(uint64_t step) {
  CHECK(PathExists(Directory(step)));
  return ReplaceSymlink(*files_, fmt::format("{}/{}{}", kFolder, kStepPrefix, step), JoinPath(run_, "best"));
}

Result<std::vector<uint64_t>> Checkpoints::Steps() const {
  std::vector<uint64_t> steps;
  const std::string folder = JoinPath(run_, kFolder);
  if (!PathExists(folder)) return steps;
  CLLM_ASSIGN(const std::vector<std::string> names, files_->List(folder));
  for (const std::string& name : names) {
    const std::optional<uint64_t> step = StepOf(name);
    if (step && IsDirectory(JoinPath(folder, name))) steps.push_back(*step);
  }
  std::sort(steps.rbegin(), steps.rend());
  return steps;
}

Result<FoundCheckpoint> Checkpoints::NewestValid(uint64_t before) const {
  CLLM_ASSIGN(std::vector<uint64_t> steps, Steps());
  std::erase_if(steps, [before](uint64_t step) { return step >= before; });
  if (steps.empty()) return BadInput(fmt::format("{}: expected a run with checkpoints, found none", run_));
  FoundCheckpoint found;
  for (uint64_t step : steps) {
    const Status status = VerifyCheckpoint(Directory(step));
    if (status.ok()) {
      found.step = step;
      found.directory = Directory(step);
      return found;
    }
    found.skipped.push_back({step, status.message()});
  }
  return BadInput(fmt::format("{}: no checkpoint is undamaged{}", run_, Described(found.skipped)));
}

std::vector<uint64_t> Checkpoints::LinkedSteps() const {
  std::vector<uint64_t> steps;
  for (const char* link : {"latest", "best"}) {
    const Result<std::string> target = files_->ReadSymlink(JoinPath(run_, link));
    if (!target.ok()) continue;
    const size_t slash = target->find_last_of('/');
    const std::optional<uint64_t> step = StepOf(slash == target->npos ? *target : target->substr(slash + 1));
    if (step) steps.push_back(*step);
  }
  return steps;
}

Result<std::string> Checkpoints::Find(std::string_view which) const {
  CLLM_ASSIGN(const std::vector<uint64_t> steps, Steps());
  if (steps.empty()) return BadInput(fmt::format("{}: expected a run with checkpoints, found none", run_));
  if (which == "best" || which == "latest") {
    const std::string link = JoinPath(run_, std::string(which));
    return IsDirectory(link) ? link : Directory(steps.front());
  }
  const std::optional<uint64_t> step = StepOf(fmt::format("{}{}", kStepPrefix, which));
  if (step && std::find(steps.begin(), steps.end(), *step) != steps.end()) return Directory(*step);
  std::string there;
  for (uint64_t each : steps) there += fmt::format(", {}", each);
  return BadInput(fmt::format("{}: there is no checkpoint '{}'; there are best, latest{}", run_, which, there));
}

Status Checkpoints::Rotate(const Rotation& rotation) {
  CLLM_ASSIGN(const std::vector<uint64_t> steps, Steps());
  std::set<uint64_t> keep(rotation.also_keep.begin(), rotation.also_keep.end());
  for (uint64_t step : LinkedSteps()) keep.insert(step);
  for (size_t i = 0; i < steps.size(); ++i) {
    const bool nth = rotation.keep_every != 0 && steps[i] % rotation.keep_every == 0;
    if (i < rotation.keep_last || nth) keep.insert(steps[i]);
  }
  if (std::all_of(steps.begin(), steps.end(), [&](uint64_t step) { return keep.contains(step); })) return {};
  // The newest valid one, verified before anything goes; if there is none, nothing is good enough to lose.
  CLLM_ASSIGN(const FoundCheckpoint valid, NewestValid());
  keep.insert(valid.step);
  Status first_error;
  for (uint64_t step : steps) {
    if (keep.contains(step)) continue;
    Status status = RemoveTree(*files_, Directory(step));
    if (!status.ok() && first_error.ok()) first_error = std::move(status);
  }
  return first_error;
}

}  // namespace cllm
