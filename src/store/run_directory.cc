#include "store/run_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/path.h"
#include "base/system.h"

namespace cllm {
namespace {

constexpr int kGlances = 100, kGlance_us = 1000;

// RUN/lock: the process id and the host's name.
using LockOwner = RunLock::Owner;

LockOwner ReadOwner(int fd) {
  std::array<char, 512> text{};
  const ssize_t length = pread(fd, text.data(), text.size(), 0);
  LockOwner owner;
  const char* end = text.data() + std::max<ssize_t>(length, 0);
  const auto [stop, error] = std::from_chars(text.data(), end, owner.process);
  if (error != std::errc() || stop == end) return {};
  owner.host.assign(stop + 1, std::find(stop + 1, end, '\n'));
  return owner;
}

bool WriteOwner(int fd) {
  const std::string text = fmt::format("{} {}\n", getpid(), HostName());
  return ftruncate(fd, 0) == 0 && pwrite(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

// Whether the process named in a lock file may still run: it does on this host, or it is on another.
bool MayRun(const LockOwner& owner) {
  if (owner.process <= 0) return false;
  if (owner.host != HostName()) return true;
  return kill(owner.process, 0) == 0 || errno == EPERM;
}

Status Held(const std::string& run, const LockOwner& owner) {
  return Usage(fmt::format("{}: process {} on {} is writing this run; wait for it, stop it, or use another directory",
                           run, owner.process, owner.host));
}

// Takes the lock on an open file, or says who has it.
Status TakeLock(int fd, const std::string& run) {
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return {};
  const int error = errno;
  LockOwner owner = ReadOwner(fd);
  // One without a name only looks (Holder), or is about to write its name.
  for (int i = 0; i < kGlances && error == EWOULDBLOCK && owner.process == 0; ++i) {
    usleep(kGlance_us);
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return {};
    owner = ReadOwner(fd);
  }
  if (error == EWOULDBLOCK) return Held(run, owner);
  // A file system without locks: what the file says decides.
  return MayRun(owner) ? Held(run, owner) : Status();
}

std::string NameOfText(const std::string& text) {
  const std::string path = text.substr(0, text.find_last_not_of('/') + 1);
  std::string name = path.substr(path.find_last_of('/') + 1);
  const size_t dot = name.find('.', 1);
  if (dot != name.npos && !IsDirectory(path)) name.resize(dot);
  for (char& c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && c != '_' && c != '-' && static_cast<unsigned char>(c) < 128) c = '-';
  }
  const size_t begin = name.find_first_not_of('-');
  return begin == name.npos ? "run" : name.substr(begin, name.find_last_not_of('-') + 1 - begin);
}

// The n of "PREFIX<n>", 0 if it is not one.
uint64_t NumberOf(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return 0;
  name.remove_prefix(prefix.size());
  uint64_t number = 0;
  const auto [stop, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && stop == name.data() + name.size() ? number : 0;
}

}  // namespace

std::string RunPaths::config() const { return JoinPath(run, "config.toml"); }
std::string RunPaths::tokenizer() const { return JoinPath(run, "tokenizer.json"); }
std::string RunPaths::lattice() const { return JoinPath(run, "lattice.json"); }
std::string RunPaths::log() const { return JoinPath(run, "log.jsonl"); }
std::string RunPaths::samples() const { return JoinPath(run, "samples.txt"); }
std::string RunPaths::report() const { return JoinPath(run, "report.html"); }
std::string RunPaths::lock() const { return JoinPath(run, "lock"); }
std::string RunPaths::given_text() const { return JoinPath(run, "given_text.txt"); }
std::string RunPaths::given_validation() const { return JoinPath(run, "given_validation.txt"); }

Status CreateRunDirectory(FileSystem& files, const std::string& path) {
  if (path.empty()) return Usage("expected the name of a run directory, found an empty one");
  if (PathExists(path) && !IsDirectory(path)) {
    return Usage(fmt::format("{}: expected a new run directory, found a file; name another (out)", path));
  }
  CLLM_ASSIGN(const bool made, files.MakeDirectory(path));
  if (made) return files.SyncDirectory(ParentPath(path));
  CLLM_ASSIGN(const std::vector<std::string> names, files.List(path));
  if (names.empty()) return {};
  if (PathExists(RunPaths{path}.config())) {
    return Usage(
        fmt::format("{}: a run is already there; resume it, or name another directory for the new one (out)", path));
  }
  return Usage(fmt::format("{}: expected a new or empty directory, found {} entries ('{}' first); name another (out)",
                           path, names.size(), names.front()));
}

Result<std::string> CreateNumberedRun(FileSystem& files, const std::string& parent, const std::string& text) {
  CLLM_TRY(files.MakeDirectory(parent));
  const std::string prefix = NameOfText(text) + "-";
  for (;;) {
    CLLM_ASSIGN(const std::vector<std::string> names, files.List(parent));
    uint64_t last = 0;
    for (const std::string& name : names) last = std::max(last, NumberOf(name, prefix));
    const std::string path = JoinPath(parent, fmt::format("{}{}", prefix, last + 1));
    CLLM_ASSIGN(const bool made, files.MakeDirectory(path));
    if (!made) continue;  // another process was faster
    CLLM_TRY(files.SyncDirectory(parent));
    return path;
  }
}

Status CheckRunDirectory(const std::string& path) {
  if (!PathExists(path)) return BadInput(fmt::format("{}: expected a run directory, found nothing there", path));
  if (!IsDirectory(path)) return BadInput(fmt::format("{}: expected a run directory, found a file", path));
  if (!PathExists(RunPaths{path}.config())) {
    return BadInput(fmt::format("{}: expected a run directory, found one without config.toml", path));
  }
  return {};
}

bool LooksLikeRun(const std::string& path) {
  const RunPaths paths{path};
  return CheckRunDirectory(path).ok() && (PathExists(JoinPath(path, "checkpoints")) || PathExists(paths.log()) ||
                                          PathExists(paths.tokenizer()));
}

Result<RunLock> RunLock::Acquire(const std::string& run) {
  const std::string path = RunPaths{run}.lock();
  FileDescriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!file.is_open()) return Failed(fmt::format("{}: cannot open the lock: {}", path, SystemErrorText(errno)));
  CLLM_TRY(TakeLock(file.get(), run));
  if (!WriteOwner(file.get())) {
    return Failed(fmt::format("{}: cannot write the lock: {}", path, SystemErrorText(errno)));
  }
  return RunLock(std::move(file));
}

std::optional<RunLock::Owner> RunLock::FindOwner(const std::string& run) {
  const FileDescriptor file(open(RunPaths{run}.lock().c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return std::nullopt;
  // Shared, so that those who look do not see each other.
  const bool locked = flock(file.get(), LOCK_SH | LOCK_NB) != 0;
  const bool unknown = locked && errno != EWOULDBLOCK;
  Owner owner = ReadOwner(file.get());
  if (!locked || (unknown && !MayRun(owner))) return std::nullopt;
  return owner;
}

std::string RunLock::Holder(const std::string& run) {
  const std::optional<Owner> owner = FindOwner(run);
  if (!owner) return "";
  return owner->process == 0 ? "another process" : fmt::format("process {} on {}", owner->process, owner->host);
}

RunLock& RunLock::operator=(RunLock&& other) noexcept {
  if (this != &other) {
    Release();
    file_ = std::move(other.file_);
  }
  return *this;
}

RunLock::~RunLock() { Release(); }

void RunLock::Release() {
  if (!file_.is_open()) return;
  // The file stays, empty: removing it could take away a lock that another process just got.
  const int emptied = ftruncate(file_.get(), 0);
  static_cast<void>(emptied);
  file_ = FileDescriptor();
}

}  // namespace cllm
