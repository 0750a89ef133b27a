#include "history/log_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/bytes.h"
#include "base/system.h"

namespace cllm {
namespace {

constexpr uint64_t kBlock = uint64_t{1} << 20;
constexpr uint64_t kMark = 64;
constexpr uint64_t kHashedBlocks = 64, kHashedBlock = 4096;

}  // namespace

Result<LogFile> LogFile::Open(const std::string& path) {
  // A pipe is not waited for.
  FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open()) return BadInput(fmt::format("{}: cannot be read: {}", path, SystemErrorText(errno)));
  struct stat info {};
  if (fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return BadInput(fmt::format("{}: expected a run's log, found no regular file", path));
  }
  return LogFile(path, std::move(file));
}

std::string LogFile::At(uint64_t offset, uint64_t bytes) const {
  std::string text(bytes, '\0');
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = pread(file_.get(), text.data() + done, text.size() - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<size_t>(count);
  }
  text.resize(done);
  return text;
}

void LogFile::GoTo(uint64_t offset) {
  line_offset_ = offset_ = offset;
  skipping_ = offset != 0 && At(offset - 1, 1) != "\n";
  mark_ = At(offset - std::min(offset, kMark), std::min(offset, kMark));
}

bool LogFile::Read(uint64_t bytes, const Lines& lines) {
  const uint64_t end = bytes == 0 ? ~uint64_t{0} : offset_ + bytes;
  bool any = false;
  while (offset_ < end) {
    const std::string block = At(offset_, kBlock);
    if (block.empty()) break;
    offset_ += block.size();
    any = true;
    Take(block, lines);
  }
  if (any) mark_ = At(line_offset_ - std::min(line_offset_, kMark), std::min(line_offset_, kMark));
  return any;
}

void LogFile::Take(std::string_view block, const Lines& lines) {
  while (!block.empty()) {
    const size_t end = block.find('\n');
    const std::string_view part = block.substr(0, end);
    if (!skipping_ && pending_.size() + part.size() > kMaxLine) {
      skipping_ = true;
      ++long_lines_;
      pending_ = {};
    }
    if (end == block.npos) {
      if (!skipping_) pending_ += part;
      return;
    }
    block.remove_prefix(end + 1);
    const uint64_t next = offset_ - block.size();
    if (!skipping_ && pending_.empty()) {
      lines(part, line_offset_);
    } else if (!skipping_) {
      pending_ += part;
      lines(pending_, line_offset_);
    }
    skipping_ = false;
    pending_.clear();
    line_offset_ = next;
  }
}

uint64_t LogFile::size() const {
  struct stat info {};
  return fstat(file_.get(), &info) == 0 ? static_cast<uint64_t>(info.st_size) : 0;
}

bool LogFile::at_end() const { return size() <= offset_; }

double LogFile::changed() const {
  struct stat info {};
  if (fstat(file_.get(), &info) != 0) return 0;
  return static_cast<double>(info.st_mtim.tv_sec) + 1e-9 * static_cast<double>(info.st_mtim.tv_nsec);
}

LogFile::Place LogFile::Look() const {
  struct stat named {
  }, own{};
  if (stat(path_.c_str(), &named) != 0) return Place::kGone;
  if (fstat(file_.get(), &own) != 0) return Place::kOther;
  if (named.st_ino != own.st_ino || named.st_dev != own.st_dev) return Place::kOther;
  const auto bytes = static_cast<uint64_t>(own.st_size);
  if (bytes < offset_) return Place::kOther;
  // Written anew in its place, and already as long.
  if (bytes > offset_ && At(line_offset_ - mark_.size(), mark_.size()) != mark_) return Place::kOther;
  return Place::kSame;
}

Hash128 LogFile::SampledHash(uint64_t bytes) const {
  Hasher hasher;
  const uint64_t stride = std::max(bytes / kHashedBlocks, kHashedBlock);
  for (uint64_t at = 0; at < bytes; at += stride) {
    hasher.Update(AsBytes(At(at, std::min(kHashedBlock, bytes - at))));
  }
  // The end, where a log differs first that was cut and went on.
  const uint64_t end = std::min(bytes, kHashedBlock);
  hasher.Update(AsBytes(At(bytes - end, end)));
  return hasher.Digest();
}

}  // namespace cllm
