#include "store/new_run_directory.h"

#include <utility>

#include "base/file.h"
#include "base/path.h"
#include "store/run_directory.h"

namespace cllm {
namespace {

// The uppermost directory of a path that is not there, or "".
std::string FirstMissing(const std::string& path) {
  std::string missing;
  for (std::string at = path; !PathExists(at); at = ParentPath(at)) {
    missing = at;
    if (at == ParentPath(at)) break;
  }
  return missing;
}

// What cannot be removed stays; the refusal that this follows has been told.
void RemoveAll(FileSystem& files, const std::string& path) { (void)RemoveTree(files, path).ok(); }

}  // namespace

Result<NewRunDirectory> NewRunDirectory::Create(FileSystem& files, const std::string& path) {
  NewRunDirectory made(files, path, FirstMissing(path));
  const Status status = CreateRunDirectory(files, path);
  if (status.ok()) return made;
  made.Keep();  // it is somebody else's, or was not made
  return status;
}

Result<NewRunDirectory> NewRunDirectory::CreateNumbered(FileSystem& files, const std::string& parent,
                                                        const std::string& text) {
  const std::string missing = FirstMissing(parent);
  CLLM_ASSIGN(const std::string path, CreateNumberedRun(files, parent, text));
  return NewRunDirectory(files, path, missing.empty() ? path : missing);
}

NewRunDirectory::NewRunDirectory(NewRunDirectory&& other) noexcept
    : files_(std::exchange(other.files_, nullptr)),
      path_(std::move(other.path_)),
      first_made_(std::move(other.first_made_)) {}

NewRunDirectory::~NewRunDirectory() {
  if (files_ == nullptr) return;
  if (first_made_.empty()) {
    const Result<std::vector<std::string>> names = files_->List(path_);
    if (!names.ok()) return;
    for (const std::string& name : *names) RemoveAll(*files_, JoinPath(path_, name));
    return;
  }
  RemoveAll(*files_, path_);
  // Parents go where nobody else has put something into them meanwhile.
  for (std::string at = path_; at != first_made_ && at != ParentPath(at);) {
    at = ParentPath(at);
    if (!files_->Remove(at).ok()) return;
  }
}

}  // namespace cllm
