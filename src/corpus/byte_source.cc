#include "corpus/byte_source.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "base/path.h"
#include "base/system.h"
#include "corpus/binary_check.h"
#include "corpus/text_encoding.h"

namespace cllm {
namespace {

constexpr size_t kSpoolBlock = size_t{1} << 18;

Status ReadError(const std::string& path) {
  return BadInput(fmt::format("{} cannot be read: {}; expected a readable text file", path, SystemErrorText(errno)));
}

class DescriptorSource : public ByteSource {
 public:
  DescriptorSource(FileDescriptor owned, int fd, std::string path)
      : owned_(std::move(owned)), fd_(fd), path_(std::move(path)) {}

  Result<size_t> Read(std::span<char> out) override {
    ssize_t count;
    do {
      count = pread(fd_, out.data(), out.size(), position_);
    } while (count < 0 && errno == EINTR);
    if (count < 0) return ReadError(path_);
    position_ += count;
    return static_cast<size_t>(count);
  }

 private:
  FileDescriptor owned_;
  int fd_;
  off_t position_ = 0;
  std::string path_;
};

// Reads until `out` is full or the input ends: pipes deliver in small pieces.
Result<size_t> ReadFully(int fd, const std::string& path, std::span<char> out) {
  size_t filled = 0;
  while (filled < out.size()) {
    const ssize_t count = read(fd, out.data() + filled, out.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ReadError(path);
    if (count == 0) break;
    filled += static_cast<size_t>(count);
  }
  return filled;
}

Status WriteFully(int fd, std::string_view bytes, const std::string& path, const std::string& directory) {
  while (!bytes.empty()) {
    const ssize_t count = write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      return Failed(
          fmt::format("the copy of {} in {} cannot be written: {}; free space there or set CLLM_CACHE to "
                      "another directory",
                      path, directory, SystemErrorText(errno)));
    }
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return {};
}

}  // namespace

std::unique_ptr<ByteSource> ReadDescriptor(int fd, std::string path) {
  return std::make_unique<DescriptorSource>(FileDescriptor(), fd, std::move(path));
}

Result<std::unique_ptr<ByteSource>> ReadPath(const std::string& path) {
  FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return ReadError(path);
  const int fd = file.get();
  return std::unique_ptr<ByteSource>(std::make_unique<DescriptorSource>(std::move(file), fd, path));
}

Result<FileDescriptor> SpoolToFile(int input, const std::string& path, const std::string& directory) {
  std::string name = JoinPath(directory, "spool-XXXXXX");
  FileDescriptor copy(mkostemp(name.data(), O_CLOEXEC));
  if (!copy.is_open()) {
    return Failed(
        fmt::format("no temporary file for {} can be made in {}: {}; set CLLM_CACHE to a directory that can "
                    "be written",
                    path, directory, SystemErrorText(errno)));
  }
  unlink(name.c_str());
  std::vector<char> block(kSpoolBlock);
  for (bool first = true;; first = false) {
    CLLM_ASSIGN(const size_t count, ReadFully(input, path, block));
    const std::string_view bytes(block.data(), count);
    // An endless binary stream is refused at its start; what has a mark of UTF-16 or UTF-32 is converted later.
    if (first && !HasWideMark(bytes)) {
      const std::string reason = BinaryReason(bytes.substr(0, kBinaryCheckBytes));
      if (!reason.empty()) return BinaryError(path, reason);
    }
    CLLM_TRY(WriteFully(copy.get(), bytes, path, directory));
    if (count < block.size()) return copy;
  }
}

}  // namespace cllm
