#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/path.h"
#include "base/random.h"
#include "base/testing/temporary_directory.h"
#include "store/file_system.h"

// For tests.
namespace cllm {

// Passes calls on and keeps account of what a disk has of one directory: the bytes of a file as of its last sync, the
// names in a directory as of the directory's last sync. Cut() then makes the directory what a machine finds there after
// it lost power. One thread at a time.
class PowerCutFileSystem : public FileSystem {
 public:
  // What has reached the disk besides all that was synced.
  enum class Survives {
    kNothing,  // nothing
    kNames,    // all names, but no bytes: files that were not synced are empty
    kAny,      // each name and each file's bytes or not, by chance: file systems write in any order
  };

  // `root` exists; all in it is on the disk.
  PowerCutFileSystem(FileSystem& files, std::string root) : files_(files), root_(std::move(root)), disk_(Scan(root_)) {}

  // Replaces the content of the root. `chance` seeds kAny. The account goes on from there.
  void Cut(Survives survives, uint64_t chance) {
    const Node survivor = Surviving(*disk_, survives, chance);
    for (const auto& entry : std::filesystem::directory_iterator(root_)) std::filesystem::remove_all(entry.path());
    Write(survivor, root_);
    disk_ = Scan(root_);
  }

  Result<std::unique_ptr<OutputFile>> Create(const std::string& path) override { return Open(path, true); }
  Result<std::unique_ptr<OutputFile>> OpenAppend(const std::string& path) override { return Open(path, false); }
  Status Truncate(const std::string& path, uint64_t bytes) override {
    CLLM_TRY(files_.Truncate(path, bytes));
    Find(path)->bytes.resize(bytes);
    return {};
  }
  Status Rename(const std::string& from, const std::string& to) override {
    CLLM_TRY(files_.Rename(from, to));
    Names(to)[NameOf(to)] = Names(from)[NameOf(from)];
    Names(from).erase(NameOf(from));
    return {};
  }
  Status Exchange(const std::string& first, const std::string& second) override {
    CLLM_TRY(files_.Exchange(first, second));
    std::swap(Names(first)[NameOf(first)], Names(second)[NameOf(second)]);
    return {};
  }
  Status SyncDirectory(const std::string& path) override {
    CLLM_TRY(files_.SyncDirectory(path));
    const NodePointer node = Find(path);
    node->synced_names = node->names;
    return {};
  }
  Result<bool> MakeDirectory(const std::string& path) override {
    CLLM_ASSIGN(const bool made, files_.MakeDirectory(path));
    if (made) Names(path)[NameOf(path)] = std::make_shared<Node>(Node{.kind = Kind::kDirectory});
    return made;
  }
  Status Remove(const std::string& path) override {
    CLLM_TRY(files_.Remove(path));
    Names(path).erase(NameOf(path));
    return {};
  }
  Status MakeSymlink(const std::string& target, const std::string& path) override {
    CLLM_TRY(files_.MakeSymlink(target, path));
    Names(path)[NameOf(path)] = std::make_shared<Node>(Node{.kind = Kind::kSymlink, .bytes = target});
    return {};
  }
  Result<std::string> ReadSymlink(const std::string& path) override { return files_.ReadSymlink(path); }
  Result<std::vector<std::string>> List(const std::string& path) override { return files_.List(path); }
  Result<uint64_t> FreeBytes(const std::string& path) override { return files_.FreeBytes(path); }

 private:
  enum class Kind { kFile, kDirectory, kSymlink };
  struct Node;
  // Shared by the names of now and those on the disk, and by an open file.
  using NodePointer = std::shared_ptr<Node>;
  using Entries = std::map<std::string, NodePointer>;
  struct Node {
    Kind kind = Kind::kFile;
    std::string bytes = {}, synced_bytes = {};  // of a file; a symlink's target is in `bytes`
    Entries names = {}, synced_names = {};      // of a directory
  };

  class File : public OutputFile {
   public:
    File(std::unique_ptr<OutputFile> file, NodePointer node) : file_(std::move(file)), node_(std::move(node)) {}
    Status Append(ByteView bytes) override {
      CLLM_TRY(file_->Append(bytes));
      node_->bytes += AsText(bytes);
      return {};
    }
    Status Sync() override {
      CLLM_TRY(file_->Sync());
      node_->synced_bytes = node_->bytes;
      return {};
    }
    Status Close() override { return file_->Close(); }

   private:
    std::unique_ptr<OutputFile> file_;
    NodePointer node_;
  };

  Result<std::unique_ptr<OutputFile>> Open(const std::string& path, bool emptied) {
    CLLM_ASSIGN(std::unique_ptr<OutputFile> file, emptied ? files_.Create(path) : files_.OpenAppend(path));
    NodePointer& node = Names(path)[NameOf(path)];
    if (node == nullptr) node = std::make_shared<Node>();
    if (emptied) node->bytes.clear();
    return std::unique_ptr<OutputFile>(std::make_unique<File>(std::move(file), node));
  }

  static std::string NameOf(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }
  Entries& Names(const std::string& path) { return Find(ParentPath(path))->names; }
  NodePointer Find(const std::string& path) {
    CHECK(path.starts_with(root_));
    NodePointer node = disk_;
    for (size_t at = root_.size(); at < path.size();) {
      const size_t end = std::min(path.find('/', at + 1), path.size());
      node = node->names.at(path.substr(at + 1, end - at - 1));
      at = end;
    }
    return node;
  }

  // A directory, all on the disk.
  static NodePointer Scan(const std::string& path) {
    auto node = std::make_shared<Node>(Node{.kind = Kind::kDirectory});
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      NodePointer& child = node->names[entry.path().filename().string()];
      if (entry.is_symlink()) {
        child = std::make_shared<Node>(
            Node{.kind = Kind::kSymlink, .bytes = std::filesystem::read_symlink(entry.path()).string()});
      } else if (entry.is_directory()) {
        child = Scan(entry.path().string());
      } else {
        const std::string bytes = ReadText(entry.path().string());
        child = std::make_shared<Node>(Node{.bytes = bytes, .synced_bytes = bytes});
      }
    }
    node->synced_names = node->names;
    return node;
  }

  static Node Surviving(const Node& node, Survives survives, uint64_t& chance) {
    const auto written = [&] { return survives == Survives::kAny && RandomBits(7, chance++) % 2 == 0; };
    if (node.kind == Kind::kSymlink) return node;
    if (node.kind == Kind::kFile) return {.bytes = written() ? node.bytes : node.synced_bytes};
    Entries names = survives == Survives::kNames ? node.names : node.synced_names;
    if (survives == Survives::kAny) {
      for (const auto& [name, child] : node.names) {
        if (written()) names[name] = child;
      }
      for (const auto& [name, child] : node.synced_names) {
        if (!node.names.contains(name) && written()) names.erase(name);
      }
    }
    for (auto& [name, child] : names) child = std::make_shared<Node>(Surviving(*child, survives, chance));
    return {.kind = Kind::kDirectory, .names = std::move(names)};
  }

  static void Write(const Node& node, const std::string& path) {
    if (node.kind == Kind::kFile) return WriteText(path, node.bytes);
    if (node.kind == Kind::kSymlink) return std::filesystem::create_symlink(node.bytes, path);
    std::filesystem::create_directories(path);
    for (const auto& [name, child] : node.names) Write(*child, path + "/" + name);
  }

  FileSystem& files_;
  std::string root_;
  NodePointer disk_;
};

}  // namespace cllm
