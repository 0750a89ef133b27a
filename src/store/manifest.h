#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

// manifest.json of a checkpoint: what was written.
namespace cllm {

inline constexpr const char* kManifestName = "manifest.json";

struct ManifestFile {
  std::string name;
  uint64_t bytes = 0;
  std::string hash;  // XXH3-128, 32 hexadecimal digits
};

struct Manifest {
  uint64_t step = 0;
  std::vector<ManifestFile> files;
};

// A name without a slash that does not start with a dot.
bool IsPlainFileName(std::string_view name);

std::string WriteManifest(const Manifest& manifest);

// Reads DIRECTORY/manifest.json. Error: BadInput: missing, of a newer format, or in any byte not what WriteManifest
// writes.
Result<Manifest> ReadManifest(const std::string& directory);

// Compares size and hash of each file. Error: BadInput naming the first that differs.
Status VerifyFiles(const std::string& directory, const Manifest& manifest);

}  // namespace cllm
