#include "serve/served_model.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/file.h"
#include "train/training_plan.h"

namespace cllm {
namespace {

constexpr size_t kHashDigits = 16;  // of the weights' 32, in a fingerprint

std::string StorageName(Storage storage) {
  for (const std::string& name : StorageNames()) {
    if (const auto named = StorageNamed(name); named.ok() && *named == storage) return name;
  }
  return "f32";
}

int64_t ModifiedAt(const std::string& path) {
  struct stat file = {};
  return stat(path.c_str(), &file) == 0 ? static_cast<int64_t>(file.st_mtime) : 0;
}

}  // namespace

ServedModel::ServedModel(Parts parts)
    : name_(std::move(parts.name)),
      tokenizer_(std::move(parts.tokenizer)),
      chat_(parts.chat),
      created_(parts.created),
      storage_(StorageName(parts.storage)),
      fingerprint_(fmt::format("{}-n{}-{}-{}", parts.program, kNumerics,
                               WeightHash(parts.stored).substr(0, kHashDigits), storage_)),
      weights_(std::move(parts.stored), parts.storage) {
  std::ranges::replace(fingerprint_, ' ', '-');
  for (uint32_t id = 0; id < tokenizer_.vocabulary(); ++id) {
    longest_token_ = std::max(longest_token_, tokenizer_.TokenBytes(id).size());
  }
}

Result<ModelToServe> ParseModelToServe(const std::string& argument) {
  ModelToServe model{.name = "", .path = argument};
  const size_t equals = argument.find('=');
  if (equals != argument.npos && !PathExists(argument)) {
    model = {argument.substr(0, equals), argument.substr(equals + 1)};
  } else {
    std::string_view name = argument;
    while (name.size() > 1 && name.ends_with('/')) name.remove_suffix(1);
    model.name = name.substr(name.rfind('/') + 1);
  }
  if (!model.name.empty() && !model.path.empty()) return model;
  return Usage(fmt::format("'{}': expected a model, or NAME=MODEL with a name and a model", argument));
}

std::unique_ptr<ServedModel> ServeModel(OpenedModel opened, const std::string& name, Storage storage,
                                        const std::string& program) {
  return std::make_unique<ServedModel>(ServedModel::Parts{.name = name,
                                                          .stored = std::move(opened.stored),
                                                          .tokenizer = std::move(opened.tokenizer),
                                                          .storage = storage,
                                                          .chat = opened.chat,
                                                          .created = ModifiedAt(opened.file),
                                                          .program = program});
}

}  // namespace cllm
