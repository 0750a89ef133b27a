#include "store/file_group.h"

#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <utility>

#include "base/check.h"
#include "base/file.h"
#include "base/path.h"
#include "base/units.h"

namespace cllm {
namespace {

// The uppermost directory of a path that is not there, or "".
std::string UppermostMissing(const std::string& path) {
  std::string missing;
  for (std::string at = path; !PathExists(at) && at != ParentPath(at); at = ParentPath(at)) missing = at;
  return missing;
}

class CountingSink : public ByteSink {
 public:
  explicit CountingSink(OutputFile& file) : file_(file) {}
  Status Append(ByteView bytes) override {
    bytes_ += bytes.size();
    return file_.Append(bytes);
  }
  uint64_t bytes() const { return bytes_; }

 private:
  OutputFile& file_;
  uint64_t bytes_ = 0;
};

// A group on its way into a directory; what was written goes again unless it is kept.
class Placing {
 public:
  Placing(FileSystem& files, const std::string& directory) : files_(files), directory_(directory) {}
  Placing(const Placing&) = delete;
  Placing& operator=(const Placing&) = delete;

  ~Placing() {
    for (const std::string& path : written_) Remove(path);
    // Of the directories that were made, those in which nobody else has put something meanwhile.
    for (std::string at = directory_; made_; at = ParentPath(at)) {
      if ((PathExists(at) && !files_.Remove(at).ok()) || at == uppermost_) return;
    }
  }

  Status MakeDirectory() {
    uppermost_ = UppermostMissing(directory_);
    made_ = !uppermost_.empty();
    CLLM_TRY(files_.MakeDirectory(directory_));
    return made_ ? files_.SyncDirectory(ParentPath(directory_)) : Status();
  }

  Status WriteTemporary(const CheckpointFile& file) {
    const std::string path = Temporary(file.name);
    written_.push_back(path);
    CLLM_ASSIGN(const std::unique_ptr<OutputFile> output, files_.Create(path));
    CountingSink sink(*output);
    CLLM_TRY(file.write(sink));
    CHECK(sink.bytes() == file.bytes);
    CLLM_TRY(output->Sync());
    return output->Close();
  }

  Status Publish(const std::string& name) {
    const std::string path = JoinPath(directory_, name);
    const bool there = PathExists(path);
    CLLM_TRY(files_.Rename(Temporary(name), path));
    std::erase(written_, Temporary(name));
    if (!there) written_.push_back(path);
    return {};
  }

  void Keep() {
    written_.clear();
    made_ = false;
  }

 private:
  std::string Temporary(const std::string& name) const {
    return fmt::format("{}.tmp-{}", JoinPath(directory_, name), getpid());
  }
  // What cannot be removed stays; the error that this follows is the one to report.
  void Remove(const std::string& path) { static_cast<void>(files_.Remove(path).ok()); }

  FileSystem& files_;
  const std::string directory_;
  std::string uppermost_;
  bool made_ = false;
  std::vector<std::string> written_;
};

Status CheckRoom(FileSystem& files, const std::string& directory, const std::vector<CheckpointFile>& group) {
  constexpr uint64_t kBlock = 4096;
  uint64_t bytes = kBlock;
  for (const CheckpointFile& file : group) bytes += (file.bytes + kBlock - 1) / kBlock * kBlock;
  CLLM_ASSIGN(const uint64_t free, files.FreeBytes(directory));
  if (free >= bytes) return {};
  return NoResources(fmt::format("{}: {} are needed, {} are free", directory, FormatBytes(bytes), FormatBytes(free)));
}

}  // namespace

Status CheckNotThere(const std::string& directory, const std::vector<std::string>& names) {
  if (PathExists(directory) && !IsDirectory(directory)) {
    return Usage(fmt::format("{}: expected a directory or nothing, found a file", directory));
  }
  for (const std::string& name : names) {
    const std::string path = JoinPath(directory, name);
    if (PathExists(path)) return Usage(fmt::format("{}: is there already; `force` replaces it", path));
  }
  return {};
}

Status WriteFileGroup(FileSystem& files, const std::string& directory, const std::vector<CheckpointFile>& group,
                      IfThere if_there) {
  std::vector<std::string> names;
  for (const CheckpointFile& file : group) names.push_back(file.name);
  CLLM_TRY(CheckNotThere(directory, if_there == IfThere::kRefuse ? names : std::vector<std::string>{}));
  Placing placing(files, directory);
  CLLM_TRY(placing.MakeDirectory());
  CLLM_TRY(CheckRoom(files, directory, group));
  for (const CheckpointFile& file : group) CLLM_TRY(placing.WriteTemporary(file));
  // Again, as writing took its time.
  CLLM_TRY(CheckNotThere(directory, if_there == IfThere::kRefuse ? names : std::vector<std::string>{}));
  for (const std::string& name : names) CLLM_TRY(placing.Publish(name));
  CLLM_TRY(files.SyncDirectory(directory));
  placing.Keep();
  return {};
}

}  // namespace cllm
