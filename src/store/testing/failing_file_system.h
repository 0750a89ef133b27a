#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/file_system.h"

// For tests.
namespace cllm {

// Passes calls on and counts those that can fail; one of them fails, or all from one on, as if the process had been
// killed there. A failing write writes half of its bytes first. One thread at a time.
class FailingFileSystem : public FileSystem {
 public:
  enum class Mode { kOnce, kFromThen };

  explicit FailingFileSystem(FileSystem& files) : files_(files) {}

  void FailAt(uint64_t call, Mode mode) {
    fail_at_ = call;
    mode_ = mode;
    calls_ = 0;
  }
  void Heal() { fail_at_ = kNever; }
  uint64_t calls() const { return calls_; }
  void SetFreeBytes(uint64_t bytes) { free_bytes_ = bytes; }

  Result<std::unique_ptr<OutputFile>> Create(const std::string& path) override {
    return Wrap(Fails() ? Injected(path) : files_.Create(path));
  }
  Result<std::unique_ptr<OutputFile>> OpenAppend(const std::string& path) override {
    return Wrap(Fails() ? Injected(path) : files_.OpenAppend(path));
  }
  Status Truncate(const std::string& path, uint64_t bytes) override {
    return Fails() ? Injected(path) : files_.Truncate(path, bytes);
  }
  Status Rename(const std::string& from, const std::string& to) override {
    return Fails() ? Injected(from) : files_.Rename(from, to);
  }
  Status Exchange(const std::string& first, const std::string& second) override {
    return Fails() ? Injected(first) : files_.Exchange(first, second);
  }
  Status SyncDirectory(const std::string& path) override {
    return Fails() ? Injected(path) : files_.SyncDirectory(path);
  }
  Result<bool> MakeDirectory(const std::string& path) override {
    if (Fails()) return Injected(path);
    return files_.MakeDirectory(path);
  }
  Status Remove(const std::string& path) override { return Fails() ? Injected(path) : files_.Remove(path); }
  Status MakeSymlink(const std::string& target, const std::string& path) override {
    return Fails() ? Injected(path) : files_.MakeSymlink(target, path);
  }
  Result<std::string> ReadSymlink(const std::string& path) override {
    if (Fails()) return Injected(path);
    return files_.ReadSymlink(path);
  }
  Result<std::vector<std::string>> List(const std::string& path) override {
    if (Fails()) return Injected(path);
    return files_.List(path);
  }
  Result<uint64_t> FreeBytes(const std::string& path) override {
    if (Fails()) return Injected(path);
    return free_bytes_ == kNever ? files_.FreeBytes(path) : Result<uint64_t>(free_bytes_);
  }

 private:
  static constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();

  class File : public OutputFile {
   public:
    File(FailingFileSystem& owner, std::unique_ptr<OutputFile> file) : owner_(owner), file_(std::move(file)) {}
    Status Append(ByteView bytes) override {
      if (!owner_.Fails()) return file_->Append(bytes);
      CLLM_TRY(file_->Append(bytes.first(bytes.size() / 2)));
      return Injected("write");
    }
    Status Sync() override { return owner_.Fails() ? Injected("sync") : file_->Sync(); }
    Status Close() override { return owner_.Fails() ? Injected("close") : file_->Close(); }

   private:
    FailingFileSystem& owner_;
    std::unique_ptr<OutputFile> file_;
  };

  static Status Injected(const std::string& what) { return Failed(what + ": injected failure"); }

  bool Fails() {
    const uint64_t call = calls_++;
    return mode_ == Mode::kOnce ? call == fail_at_ : call >= fail_at_;
  }

  Result<std::unique_ptr<OutputFile>> Wrap(Result<std::unique_ptr<OutputFile>> file) {
    if (!file.ok()) return file;
    return std::unique_ptr<OutputFile>(std::make_unique<File>(*this, *std::move(file)));
  }

  FileSystem& files_;
  uint64_t fail_at_ = kNever;
  Mode mode_ = Mode::kOnce;
  uint64_t calls_ = 0;
  uint64_t free_bytes_ = kNever;
};

}  // namespace cllm
