#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "base/check.h"

namespace cllm {

// Writes a file anew. REQUIRES: its directory exists and can be written.
inline void WriteText(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  CHECK(file.good());
}

// The whole file. REQUIRES: it can be read.
inline std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  CHECK(file.good());
  return {std::istreambuf_iterator<char>(file), {}};
}

// A new empty directory, removed with its contents when destroyed; in memory where possible, as tests sync often.
class TemporaryDirectory {
 public:
  TemporaryDirectory() : path_("/dev/shm/cllm-test-XXXXXX") {
    if (mkdtemp(path_.data()) != nullptr) return;
    path_ = (std::filesystem::temp_directory_path() / "cllm-test-XXXXXX").string();
    CHECK(mkdtemp(path_.data()) != nullptr);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

  // Writes a file and its folders; returns its path.
  std::string Write(std::string_view name, std::string_view text) const {
    const std::string path = *this / name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::filesystem::remove(path);  // a file system may wait for the disk when a file is overwritten in place
    WriteText(path, text);
    return path;
  }

 private:
  std::string path_;
};

}  // namespace cllm
