#include "store/file_claim.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

namespace cllm {
namespace {

constexpr time_t kUsedUnlocked_s = 24 * 3600;

FileDescriptor OpenToLock(const std::string& path) {
  return FileDescriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
}

// The lock that nobody has beside a claim: held from here on, or not to be had.
bool LockAlone(const FileDescriptor& file) {
  if (flock(file.get(), LOCK_EX | LOCK_NB) == 0) return true;
  struct stat info {};
  if (errno == EWOULDBLOCK || fstat(file.get(), &info) != 0) return false;
  return std::time(nullptr) - std::max(info.st_atime, info.st_mtime) > kUsedUnlocked_s;
}

}  // namespace

std::optional<FileClaim> FileClaim::Take(const std::string& path) {
  FileDescriptor file = OpenToLock(path);
  if (!file.is_open()) return std::nullopt;
  // Waits for who is just about to remove it. Without locks the time of use has to do.
  while (flock(file.get(), LOCK_SH) != 0 && errno == EINTR) {
  }
  struct stat info {};
  if (fstat(file.get(), &info) != 0 || info.st_nlink == 0) return std::nullopt;
  const struct timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_NOW}, {.tv_sec = 0, .tv_nsec = UTIME_OMIT}};
  // Somebody else's file: its time stays.
  (void)futimens(file.get(), times);
  return FileClaim(std::move(file));
}

bool FileClaim::RemoveUnclaimed(const std::string& path) {
  const FileDescriptor file = OpenToLock(path);
  return file.is_open() && LockAlone(file) && unlink(path.c_str()) == 0;
}

bool FileClaim::IsClaimed(const std::string& path) {
  const FileDescriptor file = OpenToLock(path);
  return file.is_open() && !LockAlone(file);
}

}  // namespace cllm
