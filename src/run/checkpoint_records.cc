#include "run/checkpoint_records.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "base/file.h"
#include "base/path.h"
#include "store/checkpoint.h"

namespace cllm {

Result<Manifest> ReadSizedManifest(const std::string& checkpoint) {
  CLLM_ASSIGN(Manifest manifest, ReadManifest(checkpoint));
  for (const ManifestFile& file : manifest.files) {
    CLLM_ASSIGN(const uint64_t bytes, FileSize(JoinPath(checkpoint, file.name)));
    if (bytes != file.bytes) {
      return BadInput(
          fmt::format("{}: expected {} bytes, found {}", JoinPath(checkpoint, file.name), file.bytes, bytes));
    }
  }
  return manifest;
}

std::vector<CheckpointRecord> ListCheckpoints(const std::string& run) {
  PosixFileSystem files;
  const Checkpoints checkpoints(files, run);
  const Result<std::vector<uint64_t>> steps = checkpoints.Steps();
  std::vector<CheckpointRecord> records;
  if (!steps.ok()) return records;
  std::error_code error;
  const std::string best = std::filesystem::canonical(JoinPath(run, "best"), error).filename().string();
  for (const uint64_t step : *steps) {
    CheckpointRecord record{.step = step, .path = checkpoints.Directory(step)};
    record.best = std::filesystem::path(record.path).filename() == best;
    const Result<Manifest> manifest = ReadSizedManifest(record.path);
    record.valid = manifest.ok();
    if (!manifest.ok()) {
      record.reason = manifest.status().message();
    } else {
      for (const ManifestFile& file : manifest->files) record.bytes += file.bytes;
    }
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace cllm
