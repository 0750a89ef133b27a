#pragma once

#include <string>

#include "base/status.h"

namespace cllm {

// $CLLM_CACHE, else $XDG_CACHE_HOME/cllm, else $HOME/.cache/cllm, else "" (none of them set).
std::string DefaultCacheDirectory();

// A directory for files that can be made again. Movable.
class CacheDirectory {
 public:
  // Makes `wanted` if it is missing. Where that cannot be written (or is ""), a temporary directory is made instead
  // (below $TMPDIR or /tmp), which note() tells and which is removed with its content when this is destroyed.
  // kFailed: no temporary directory can be made either.
  static Result<CacheDirectory> Open(const std::string& wanted);
  CacheDirectory(CacheDirectory&& other) noexcept;
  CacheDirectory& operator=(CacheDirectory&& other) noexcept;
  ~CacheDirectory();

  const std::string& path() const { return path_; }
  bool is_temporary() const { return !note_.empty(); }
  const std::string& note() const { return note_; }  // one sentence, or ""

 private:
  CacheDirectory(std::string path, std::string note) : path_(std::move(path)), note_(std::move(note)) {}
  std::string path_;
  std::string note_;
};

}  // namespace cllm
