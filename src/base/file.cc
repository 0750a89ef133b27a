#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "base/file_descriptor.h"
#include "base/system.h"

namespace cllm {
namespace {

constexpr uint64_t kReadChunk = 1 << 20;

// What the system lacks says nothing of the file.
bool IsShortage(int error) { return error == ENOMEM || error == EMFILE || error == ENFILE; }

Status CannotRead(const std::string& path, int error) {
  std::string message = fmt::format("{}: cannot be read: {}", path, SystemErrorText(error));
  return IsShortage(error) ? NoResources(std::move(message)) : BadInput(std::move(message));
}

Status TooLong(const std::string& path, uint64_t max_bytes) {
  return BadInput(fmt::format("{}: expected at most {} bytes, found more", path, max_bytes));
}

const char* KindOf(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

Status NotAFile(const std::string& path, mode_t mode) {
  return BadInput(fmt::format("{}: expected a file, found {}", path, KindOf(mode)));
}

}  // namespace

Result<std::string> ReadFile(const std::string& path, uint64_t max_bytes) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (!file.is_open() || fstat(file.get(), &info) != 0) return CannotRead(path, errno);
  if (S_ISDIR(info.st_mode)) return NotAFile(path, info.st_mode);
  // The size is only a hint (files of /proc say 0), so reading goes on to the end.
  if (static_cast<uint64_t>(info.st_size) > max_bytes) return TooLong(path, max_bytes);
  std::string text;
  text.reserve(static_cast<size_t>(info.st_size));
  for (;;) {
    const size_t begin = text.size();
    const uint64_t left = static_cast<uint64_t>(info.st_size) > begin ? static_cast<uint64_t>(info.st_size) - begin : 0;
    text.resize(begin + static_cast<size_t>(std::clamp<uint64_t>(left + 1, 4096, kReadChunk)));
    const ssize_t got = read(file.get(), text.data() + begin, text.size() - begin);
    if (got < 0 && errno != EINTR) return CannotRead(path, errno);
    text.resize(begin + static_cast<size_t>(std::max<ssize_t>(got, 0)));
    if (text.size() > max_bytes) return TooLong(path, max_bytes);
    if (got == 0) return text;
  }
}

Result<uint64_t> FileSize(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return CannotRead(path, errno);
  if (!S_ISREG(info.st_mode)) return NotAFile(path, info.st_mode);
  return static_cast<uint64_t>(info.st_size);
}

Result<Hash128> HashFile(const std::string& path) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // not waiting at a pipe
  struct stat info {};
  if (!file.is_open() || fstat(file.get(), &info) != 0) return CannotRead(path, errno);
  if (!S_ISREG(info.st_mode)) return NotAFile(path, info.st_mode);
  Hasher hasher;
  std::vector<std::byte> piece(kReadChunk);
  for (;;) {
    const ssize_t got = read(file.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return CannotRead(path, errno);
    if (got == 0) return hasher.Digest();
    hasher.Update(ByteView(piece).first(static_cast<size_t>(got)));
  }
}

bool PathExists(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0;
}

bool IsDirectory(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

Result<MappedFile> MappedFile::Open(const std::string& path) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // not waiting at a pipe
  struct stat info {};
  if (!file.is_open() || fstat(file.get(), &info) != 0) return CannotRead(path, errno);
  if (!S_ISREG(info.st_mode)) return NotAFile(path, info.st_mode);
  if (info.st_size == 0) return BadInput(fmt::format("{}: the file is empty", path));
  MappedFile mapped;
  mapped.path_ = path;
  const auto size = static_cast<size_t>(info.st_size);
  void* data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (data == MAP_FAILED) return CannotRead(path, errno);
  mapped.data_ = static_cast<const std::byte*>(data);
  mapped.size_ = size;
  return mapped;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)), data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace cllm
