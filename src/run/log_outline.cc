#include "run/log_outline.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "base/file_descriptor.h"

namespace cllm {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 20;
constexpr size_t kLongestLine = size_t{16} << 20;  // a longer one is no record of ours

}  // namespace

void LogOutline::ReadMore(const std::string& path) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info {};
  if (!file.is_open() || fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    *this = {};
    return;
  }
  const bool same = info.st_dev == device_ && info.st_ino == file_ && static_cast<uint64_t>(info.st_size) >= read_;
  if (!same) *this = {};
  device_ = info.st_dev;
  file_ = info.st_ino;
  std::string piece;
  uint64_t at = read_;
  for (size_t begin = 0;;) {
    begin = piece.size();
    piece.resize(begin + kPieceBytes);
    const ssize_t got = pread(file.get(), piece.data() + begin, kPieceBytes, static_cast<off_t>(at));
    piece.resize(begin + static_cast<size_t>(got > 0 ? got : 0));
    if (got <= 0) return;
    at += static_cast<uint64_t>(got);
    size_t line = 0;
    for (size_t end; (end = piece.find('\n', std::max(line, begin))) != piece.npos; line = end + 1) {
      TakeLine(std::string_view(piece).substr(line, end - line));
    }
    read_ += line;
    piece.erase(0, line);
    if (piece.size() > kLongestLine) {
      read_ += piece.size();
      piece.clear();
    }
  }
}

// Most lines are of steps, which are passed over unread.
void LogOutline::TakeLine(std::string_view line) {
  constexpr std::string_view kEvent = "{\"event\":", kStep = "{\"step\":";
  if (line.starts_with(kStep)) {
    last_step_ = line;
  } else if (line.starts_with(kEvent)) {
    if (const Result<JsonObject> event = JsonObject::Parse(line, "log"); event.ok()) TakeEvent(*event);
  }
}

void LogOutline::TakeEvent(const JsonObject& event) {
  const std::string kind = event.Text("event").ok() ? *event.Text("event") : "";
  const auto real = [&](const char* name) { return event.Real(name).ok() ? *event.Real(name) : 0.0; };
  const auto unsigned_of = [&](const char* name) { return event.Unsigned(name).ok() ? *event.Unsigned(name) : 0; };
  const auto flag = [&](const char* name) { return event.Boolean(name).ok() && *event.Boolean(name); };
  if (kind == "run_start" || kind == "resume") ended_ = diverged_ = false;
  if (kind == "diverged") diverged_ = true;
  if (kind == "rollback") diverged_ = false;
  if (kind == "eval" && flag("best")) {
    best_ = RunScore{unsigned_of("step"), real("val_nats"), real("bits_per_byte"), flag("whole")};
  }
  if (kind == "run_end") ended_ = event.Find("signal") == nullptr;
}

std::optional<JsonObject> LogOutline::LastStep() const {
  if (last_step_.empty()) return std::nullopt;
  Result<JsonObject> step = JsonObject::Parse(last_step_, "log");
  if (!step.ok()) return std::nullopt;
  return *std::move(step);
}

}  // namespace cllm
