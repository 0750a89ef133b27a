#include "corpus/zip_file.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/core.h>

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

namespace cllm {
namespace {

constexpr size_t kBlock = size_t{1} << 16;
constexpr uint64_t kFreeOfRatio = uint64_t{1} << 20;

struct CloseArchive {
  void operator()(archive* open) const { archive_read_free(open); }
};
using Archive = std::unique_ptr<archive, CloseArchive>;

Status Damaged(archive* from) {
  const char* reason = archive_error_string(from);
  return BadInput(fmt::format("is damaged: {}", reason == nullptr ? "it is no zip archive" : reason));
}

std::string NameOf(archive_entry* entry) {
  const char* name = archive_entry_pathname_utf8(entry);
  if (name == nullptr) name = archive_entry_pathname(entry);
  return name == nullptr ? "" : name;
}

class Reader {
 public:
  Reader(const std::string& path, const std::set<std::string>& names) : names_(names) {
    std::error_code ignored;
    const uint64_t on_disk = std::filesystem::file_size(path, ignored);
    most_bytes_ = std::min(kMaxZipBytes, std::max(kFreeOfRatio, kMaxZipRatio * on_disk));
  }

  Status Read(archive* from) {
    archive_entry* entry = nullptr;
    for (size_t count = 0; found_.size() < names_.size(); ++count) {
      const int code = archive_read_next_header(from, &entry);
      if (code == ARCHIVE_EOF) return {};
      if (code < ARCHIVE_WARN) return Damaged(from);
      if (count == kMaxZipEntries) {
        return BadInput(fmt::format("holds more than {} files; expected a book", kMaxZipEntries));
      }
      std::string name = NameOf(entry);
      if (!names_.contains(name) || found_.contains(name)) continue;
      if (archive_entry_is_encrypted(entry) != 0) return BadInput("is encrypted; expected an open one");
      CLLM_TRY(ReadEntry(from, name));
    }
    return {};
  }

  std::map<std::string, std::string> Take() { return std::move(found_); }

 private:
  Status ReadEntry(archive* from, const std::string& name) {
    std::string& content = found_[name];
    std::string block(kBlock, '\0');
    while (true) {
      const la_ssize_t count = archive_read_data(from, block.data(), block.size());
      if (count == 0) return {};
      if (count < 0) return Damaged(from);
      content.append(block, 0, static_cast<size_t>(count));
      bytes_ += static_cast<uint64_t>(count);
      if (content.size() > kMaxEntryBytes) {
        return BadInput(fmt::format("expands {} to more than {} MiB; expected a chapter", name, kMaxEntryBytes >> 20));
      }
      if (bytes_ > most_bytes_) {
        return BadInput(fmt::format("expands to more than {} MiB ({} times its size, or {} MiB, at most)",
                                    most_bytes_ >> 20, kMaxZipRatio, kMaxZipBytes >> 20));
      }
    }
  }

  const std::set<std::string>& names_;
  uint64_t most_bytes_ = 0, bytes_ = 0;
  std::map<std::string, std::string> found_;
};

}  // namespace

Result<std::map<std::string, std::string>> ReadZipEntries(const std::string& path, const std::set<std::string>& names) {
  const Archive from(archive_read_new());
  if (from == nullptr) return NoResources("no memory to read an archive");
  archive_read_support_format_zip(from.get());
  if (archive_read_open_filename(from.get(), path.c_str(), kBlock) != ARCHIVE_OK) return Damaged(from.get());
  Reader reader(path, names);
  CLLM_TRY(reader.Read(from.get()));
  return reader.Take();
}

}  // namespace cllm
