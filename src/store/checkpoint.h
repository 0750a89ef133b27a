#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "store/file_system.h"
#include "store/safetensors.h"

// Checkpoints: RUN/checkpoints/step-N/ with the files of one moment and manifest.json, which holds the size and the
// XXH3-128 of each and is written last; RUN/latest and RUN/best are symlinks to such directories.
namespace cllm {

// A file of a checkpoint: its exact size, known before it is written, and what writes it.
struct CheckpointFile {
  std::string name;  // plain: no slash, not "manifest.json", not starting with a dot
  uint64_t bytes = 0;
  std::function<Status(ByteSink&)> write;
};
CheckpointFile TextFile(std::string name, std::string text);
// Views the tensors' bytes until written.
CheckpointFile TensorFile(std::string name, std::vector<TensorView> tensors, TensorMetadata metadata);
CheckpointFile TensorFile(std::string name, std::vector<WritableTensor> tensors, TensorMetadata metadata);

struct SkippedCheckpoint {
  uint64_t step = 0;
  std::string reason;  // a sentence
};

struct FoundCheckpoint {
  uint64_t step = 0;
  std::string directory;
  std::vector<SkippedCheckpoint> skipped;  // newer ones that are damaged
};

// Which checkpoints stay.
struct Rotation {
  size_t keep_last = 3;
  uint64_t keep_every = 0;               // multiples of this; 0: none
  std::vector<uint64_t> also_keep = {};  // besides the targets of `best` and `latest`
};

// Every file listed in the manifest is there with the size and hash it was written with. Error: BadInput naming the
// first damaged file. Reads all bytes.
Status VerifyCheckpoint(const std::string& directory);

// The checkpoints of one run. Who writes holds the run's lock; thread-compatible.
class Checkpoints {
 public:
  // `files` must outlive this.
  Checkpoints(FileSystem& files, std::string run) : files_(&files), run_(std::move(run)) {}

  std::string Directory(uint64_t step) const;  // RUN/checkpoints/step-N

  // Writes step N whole or not at all, durably, then points `latest` to it. An existing step N is replaced. Temporary
  // directories that an interrupted save left are removed first. Error: Failed, naming the reason and the bytes
  // needed; all earlier checkpoints and `best` are as before. REQUIRES: file names differ.
  Status Save(uint64_t step, const std::vector<CheckpointFile>& checkpoint);

  // Points `best` to step N. REQUIRES: it was saved.
  Status PointBest(uint64_t step);

  // Steps that have a directory, newest first; damaged ones too. No directory: empty.
  Result<std::vector<uint64_t>> Steps() const;

  // The newest before step `before` that VerifyCheckpoint accepts. Error: BadInput, saying why each was refused or that
  // there is none.
  Result<FoundCheckpoint> NewestValid(uint64_t before = std::numeric_limits<uint64_t>::max()) const;

  // The directory that "best", "latest" or a step number names, not verified; "best" is the latest while no step was
  // best. Error: BadInput listing what is there.
  Result<std::string> Find(std::string_view which) const;

  // Removes what `rotation` does not keep. Before that makes sure that a valid one is among those kept, else keeps the
  // newest valid one as well. Error: Failed; the others are removed nevertheless.
  Status Rotate(const Rotation& rotation);

 private:
  void RemoveStaleDirectories();
  Status WriteDirectory(const std::string& directory, uint64_t step, const std::vector<CheckpointFile>& checkpoint);
  Status Publish(uint64_t step);
  std::vector<uint64_t> LinkedSteps() const;

  FileSystem* files_;
  std::string run_;
};

}  // namespace cllm
