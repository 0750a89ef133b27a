#include "interop/hugging_face/hugging_face_tensors.h"

#include <fmt/format.h>

#include <set>
#include <utility>
#include <variant>

#include "base/file.h"
#include "base/path.h"
#include "store/json.h"
#include "store/manifest.h"

namespace cllm {
namespace {

constexpr const char* kWhole = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";
constexpr uint64_t kMaxIndexBytes = uint64_t{64} << 20;
constexpr size_t kMaxFiles = 1000;

// The names of the parts, once each.
Result<std::set<std::string>> PartsOf(const std::string& index) {
  CLLM_ASSIGN(const JsonObject root, JsonObject::ReadFrom(index, kMaxIndexBytes));
  CLLM_ASSIGN(const JsonObject map, root.Object("weight_map"));
  std::set<std::string> names;
  for (const JsonField& field : map.fields()) {
    const auto* name = std::get_if<std::string>(&field.value.content());
    if (name == nullptr || !IsPlainFileName(*name)) {
      return BadInput(
          fmt::format("{}: the file of the tensor '{}' is not the name of a file beside it", index, field.name));
    }
    names.insert(*name);
  }
  if (names.size() <= kMaxFiles) return names;
  return BadInput(fmt::format("{}: {} files, expected at most {}", index, names.size(), kMaxFiles));
}

}  // namespace

Status HuggingFaceTensors::Add(SafetensorsFile file) {
  files_.push_back(std::move(file));
  for (const TensorView& tensor : files_.back().tensors()) {
    if (tensors_.emplace(tensor.name, &tensor).second) continue;
    return BadInput(fmt::format("{}: the tensor '{}' is in another file too", files_.back().path(), tensor.name));
  }
  return {};
}

Result<HuggingFaceTensors> HuggingFaceTensors::Open(const std::string& directory) {
  HuggingFaceTensors tensors;
  const std::string whole = JoinPath(directory, kWhole), index = JoinPath(directory, kIndex);
  std::set<std::string> names = {kWhole};
  if (!PathExists(whole) && PathExists(index)) {
    CLLM_ASSIGN(names, PartsOf(index));
  }
  for (const std::string& name : names) {
    CLLM_ASSIGN(SafetensorsFile file, SafetensorsFile::Open(JoinPath(directory, name)));
    CLLM_TRY(tensors.Add(std::move(file)));
  }
  return tensors;
}

}  // namespace cllm
