#include "store/file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <utility>

#include "base/file.h"
#include "base/file_descriptor.h"
#include "base/path.h"
#include "base/system.h"

namespace cllm {
namespace {

constexpr size_t kWriteChunk = size_t{1} << 30;  // below the kernel's limit of one write

Status SystemFailed(const std::string& path, const char* what, int error) {
  return Failed(fmt::format("{}: cannot {}: {}", path, what, SystemErrorText(error)));
}

class PosixFile : public OutputFile {
 public:
  PosixFile(std::string path, FileDescriptor file) : path_(std::move(path)), file_(std::move(file)) {}

  Status Append(ByteView bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = write(file_.get(), bytes.data(), std::min(bytes.size(), kWriteChunk));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return SystemFailed(path_, "write", errno);
      if (written == 0) return SystemFailed(path_, "write", ENOSPC);
      bytes = bytes.subspan(static_cast<size_t>(written));
    }
    return {};
  }

  Status Sync() override { return fsync(file_.get()) == 0 ? Status() : SystemFailed(path_, "sync to disk", errno); }

  Status Close() override {
    const int result = close(file_.Release());
    return result == 0 || errno == EINTR ? Status() : SystemFailed(path_, "close", errno);
  }

 private:
  std::string path_;
  FileDescriptor file_;
};

Result<std::unique_ptr<OutputFile>> OpenForWriting(const std::string& path, int flags) {
  FileDescriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0666));
  if (!file.is_open()) return SystemFailed(path, "open for writing", errno);
  return std::unique_ptr<OutputFile>(std::make_unique<PosixFile>(path, std::move(file)));
}

}  // namespace

Result<std::unique_ptr<OutputFile>> PosixFileSystem::Create(const std::string& path) {
  return OpenForWriting(path, O_TRUNC);
}

Result<std::unique_ptr<OutputFile>> PosixFileSystem::OpenAppend(const std::string& path) {
  return OpenForWriting(path, O_APPEND);
}

Status PosixFileSystem::Truncate(const std::string& path, uint64_t bytes) {
  return truncate(path.c_str(), static_cast<off_t>(bytes)) == 0 ? Status() : SystemFailed(path, "shorten", errno);
}

Status PosixFileSystem::Rename(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) == 0) return {};
  return SystemFailed(from, ("rename to " + to).c_str(), errno);
}

Status PosixFileSystem::Exchange(const std::string& first, const std::string& second) {
  if (renameat2(AT_FDCWD, first.c_str(), AT_FDCWD, second.c_str(), RENAME_EXCHANGE) == 0) return {};
  if (errno != EINVAL && errno != ENOSYS) return SystemFailed(first, ("exchange with " + second).c_str(), errno);
  return ExchangeByRenames(*this, first, second);
}

Status PosixFileSystem::SyncDirectory(const std::string& path) {
  const FileDescriptor directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open()) return SystemFailed(path, "open the directory", errno);
  const int error = fsync(directory.get()) == 0 ? 0 : errno;
  // EINVAL: a file system that has nothing to sync for directories.
  return error == 0 || error == EINVAL ? Status() : SystemFailed(path, "sync the directory to disk", error);
}

Result<bool> PosixFileSystem::MakeDirectory(const std::string& path) {
  if (mkdir(path.c_str(), 0777) == 0) return true;
  if (errno == ENOENT && ParentPath(path) != path) {
    CLLM_TRY(MakeDirectory(ParentPath(path)));
    if (mkdir(path.c_str(), 0777) == 0) return true;
  }
  const int error = errno;
  if (error == EEXIST && IsDirectory(path)) return false;
  return SystemFailed(path, "make the directory", error);
}

Status PosixFileSystem::Remove(const std::string& path) {
  return std::remove(path.c_str()) == 0 ? Status() : SystemFailed(path, "remove", errno);
}

Status PosixFileSystem::MakeSymlink(const std::string& target, const std::string& path) {
  return symlink(target.c_str(), path.c_str()) == 0 ? Status() : SystemFailed(path, "make the symlink", errno);
}

Result<std::string> PosixFileSystem::ReadSymlink(const std::string& path) {
  std::array<char, PATH_MAX> target{};
  const ssize_t length = readlink(path.c_str(), target.data(), target.size());
  if (length < 0) return SystemFailed(path, "read the symlink", errno);
  return std::string(target.data(), static_cast<size_t>(length));
}

Result<std::vector<std::string>> PosixFileSystem::List(const std::string& path) {
  DIR* directory = opendir(path.c_str());
  if (directory == nullptr) return SystemFailed(path, "list the directory", errno);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(directory)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
    errno = 0;
  }
  const int error = errno;
  closedir(directory);
  if (error != 0) return SystemFailed(path, "list the directory", error);
  std::sort(names.begin(), names.end());
  return names;
}

Result<uint64_t> PosixFileSystem::FreeBytes(const std::string& path) {
  struct statvfs info {};
  if (statvfs(path.c_str(), &info) != 0) return SystemFailed(path, "ask for free space", errno);
  return uint64_t{info.f_bavail} * info.f_frsize;
}

Status ExchangeByRenames(FileSystem& files, const std::string& first, const std::string& second) {
  const std::string aside = first + ".aside";
  CLLM_TRY(files.Rename(second, aside));
  if (Status status = files.Rename(first, second); !status.ok()) {
    CLLM_TRY(files.Rename(aside, second));
    return status;
  }
  return files.Rename(aside, first);
}

namespace {

Status WriteAndSync(FileSystem& files, const std::string& path, ByteView bytes) {
  CLLM_ASSIGN(const std::unique_ptr<OutputFile> file, files.Create(path));
  CLLM_TRY(file->Append(bytes));
  CLLM_TRY(file->Sync());
  return file->Close();
}

// Renames `temporary`, which was made with `made`, over `path`; on error removes it.
Status Publish(FileSystem& files, Status made, const std::string& temporary, const std::string& path) {
  if (made.ok()) made = files.Rename(temporary, path);
  if (!made.ok()) {
    const Status removed = files.Remove(temporary);  // the first error is the one to report
    static_cast<void>(removed);
    return made;
  }
  return files.SyncDirectory(ParentPath(path));
}

}  // namespace

Status AtomicWriteFile(FileSystem& files, const std::string& path, ByteView bytes) {
  const std::string temporary = fmt::format("{}.tmp-{}", path, getpid());
  return Publish(files, WriteAndSync(files, temporary, bytes), temporary, path);
}

Status ReplaceSymlink(FileSystem& files, const std::string& target, const std::string& path) {
  const std::string temporary = fmt::format("{}.tmp-{}", path, getpid());
  const Status removed = files.Remove(temporary);  // of a process with this id that was killed; usually there is none
  static_cast<void>(removed);
  return Publish(files, files.MakeSymlink(target, temporary), temporary, path);
}

Status RemoveTree(FileSystem& files, const std::string& path) {
  struct stat info {};
  if (lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
    CLLM_ASSIGN(const std::vector<std::string> names, files.List(path));
    for (const std::string& name : names) CLLM_TRY(RemoveTree(files, JoinPath(path, name)));
  }
  return files.Remove(path);
}

}  // namespace cllm
