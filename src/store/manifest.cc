#include "store/manifest.h"

#include <fmt/format.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/path.h"
#include "store/json.h"

namespace cllm {
namespace {

constexpr uint64_t kManifestFormat = 1;
constexpr uint64_t kMaxManifestBytes = 1 << 20;

Result<Manifest> FromJson(const JsonObject& object) {
  CLLM_TRY(object.CheckFormat(kManifestFormat));
  Manifest manifest;
  CLLM_ASSIGN(manifest.step, object.Unsigned("step"));
  CLLM_ASSIGN(const JsonObject files, object.Object("files"));
  for (const JsonField& field : files.fields()) {
    CLLM_ASSIGN(const JsonObject entry, files.Object(field.name));
    CLLM_ASSIGN(const uint64_t bytes, entry.Unsigned("bytes"));
    CLLM_ASSIGN(std::string hash, entry.Text("xxh3_128"));
    manifest.files.push_back({field.name, bytes, std::move(hash)});
  }
  return manifest;
}

}  // namespace

bool IsPlainFileName(std::string_view name) {
  return !name.empty() && name.front() != '.' && name.find('/') == name.npos && name.find('\0') == name.npos;
}

std::string WriteManifest(const Manifest& manifest) {
  JsonFields files;
  for (const ManifestFile& file : manifest.files) {
    files.push_back({file.name, JsonFields{{"bytes", file.bytes}, {"xxh3_128", file.hash}}});
  }
  return WriteJson({{"format", kManifestFormat}, {"step", manifest.step}, {"files", std::move(files)}},
                   JsonStyle::kIndented) +
         "\n";
}

Result<Manifest> ReadManifest(const std::string& directory) {
  const std::string path = JoinPath(directory, kManifestName);
  CLLM_ASSIGN(const std::string text, ReadFile(path, kMaxManifestBytes));
  CLLM_ASSIGN(const JsonObject object, JsonObject::Parse(text, path));
  CLLM_ASSIGN(Manifest manifest, FromJson(object));
  for (const ManifestFile& file : manifest.files) {
    if (!IsPlainFileName(file.name)) {
      return BadInput(fmt::format("{}: expected plain file names, found '{}'", path, file.name));
    }
  }
  if (WriteManifest(manifest) != text) return BadInput(fmt::format("{}: damaged: not as it was written", path));
  return manifest;
}

Status VerifyFiles(const std::string& directory, const Manifest& manifest) {
  for (const ManifestFile& file : manifest.files) {
    const std::string path = JoinPath(directory, file.name);
    const Result<uint64_t> size = FileSize(path);
    if (!size.ok()) return BadInput(fmt::format("{}; {} names it", size.status().message(), kManifestName));
    const uint64_t bytes = *size;
    if (bytes != file.bytes) {
      return BadInput(fmt::format("{}: damaged: expected {} bytes, found {}, unless its {} is", path, file.bytes, bytes,
                                  kManifestName));
    }
    CLLM_ASSIGN(const Hash128 hash, HashFile(path));
    if (hash.Hex() != file.hash) {
      return BadInput(fmt::format("{}: damaged: expected XXH3 {}, found {}, unless its {} is", path, file.hash,
                                  hash.Hex(), kManifestName));
    }
  }
  return {};
}

}  // namespace cllm
