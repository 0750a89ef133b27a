#include "base/other_process.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <charconv>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "base/file.h"

namespace cllm {
namespace {

constexpr uint64_t kMostStatusBytes = 1 << 20;

}  // namespace

bool HasOpen(int process, const std::string& path) {
  namespace fs = std::filesystem;
  struct stat wanted {};
  if (stat(path.c_str(), &wanted) != 0) return false;
  std::error_code error;
  for (fs::directory_iterator entry(fmt::format("/proc/{}/fd", process), error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    struct stat open {};
    if (stat(entry->path().c_str(), &open) != 0) continue;  // closed meanwhile
    if (open.st_dev == wanted.st_dev && open.st_ino == wanted.st_ino) return true;
  }
  return false;
}

bool Handles(int process, int signal) {
  const Result<std::string> status = ReadFile(fmt::format("/proc/{}/status", process), kMostStatusBytes);
  if (!status.ok()) return false;
  constexpr std::string_view kCaught = "\nSigCgt:\t";
  const size_t at = status->find(kCaught);
  if (at == status->npos) return false;
  uint64_t mask = 0;
  const char* const begin = status->data() + at + kCaught.size();
  std::from_chars(begin, status->data() + status->size(), mask, 16);
  return (mask >> (signal - 1) & 1) != 0;
}

}  // namespace cllm
