#include "interop/hugging_face/hugging_face_reader.h"

#include <fmt/format.h>

#include <memory>
#include <set>
#include <utility>

#include "base/file.h"
#include "base/path.h"
#include "interop/foreign_tensor.h"
#include "interop/hugging_face/hugging_face_config.h"
#include "interop/hugging_face/hugging_face_tensors.h"
#include "interop/hugging_face/hugging_face_tokenizer.h"

namespace cllm {
namespace {

constexpr uint64_t kMaxConfigBytes = uint64_t{1} << 20, kMaxWordsBytes = uint64_t{64} << 20;

// Whether a tensor may be there without being read: tables that files of some years ago have, and a head that is the
// embedding's once more.
bool IsPassedBy(const std::string& name, const ModelShape& shape) {
  return name.ends_with(".rotary_emb.inv_freq") || (name == "lm_head.weight" && !shape.untied);
}

Status CheckAllTensorsAreKnown(const HuggingFaceTensors& tensors, const ParameterLayout& layout,
                               const std::string& directory) {
  std::set<std::string> known;
  for (const TensorPart& part : TensorParts(layout)) known.insert(part.hugging_face);
  for (const auto& [name, tensor] : tensors.tensors()) {
    if (known.contains(name) || IsPassedBy(name, layout.shape())) continue;
    return BadInput(fmt::format("{}: the tensor '{}' is none of those of a plain Llama model", directory, name));
  }
  return {};
}

// The template in tokenizer_config.json, if it has one as a text.
Result<const ChatTemplate*> ChatTemplateOf(const std::string& directory, std::vector<std::string>& notes) {
  const std::string path = JoinPath(directory, "tokenizer_config.json");
  if (!PathExists(path)) return static_cast<const ChatTemplate*>(nullptr);
  CLLM_ASSIGN(const JsonObject config, JsonObject::ReadFrom(path, kMaxWordsBytes));
  const Result<std::string> jinja = config.Text("chat_template");
  return jinja.ok() ? KnownChatTemplate(*jinja, notes) : nullptr;
}

}  // namespace

Result<ForeignModel> OpenHuggingFace(const std::string& directory) {
  const std::string config_path = JoinPath(directory, "config.json");
  CLLM_ASSIGN(const JsonObject config, JsonObject::ReadFrom(config_path, kMaxConfigBytes));
  std::vector<std::string> notes;
  CLLM_ASSIGN(const ModelShape shape, HuggingFaceShape(config, config_path, notes));
  CLLM_ASSIGN(Tokenizer tokenizer, HuggingFaceTokenizer(directory, config));
  if (shape.vocabulary != tokenizer.vocabulary()) {
    return BadInput(fmt::format("{}: vocab_size is {}, expected {} as tokenizer.json has", config_path,
                                shape.vocabulary, tokenizer.vocabulary()));
  }
  CLLM_ASSIGN(HuggingFaceTensors tensors, HuggingFaceTensors::Open(directory));
  const ParameterLayout layout(shape);
  CLLM_TRY(CheckAllTensorsAreKnown(tensors, layout, directory));
  const auto find = [&](const TensorPart& part) -> Result<ForeignTensor> {
    const auto found = tensors.tensors().find(part.hugging_face);
    if (found != tensors.tensors().end()) return ForeignTensorOf(*found->second, directory);
    return BadInput(fmt::format("{}: the tensor '{}' is missing", directory, part.hugging_face));
  };
  CLLM_ASSIGN(std::vector<TensorRows> rows, TensorsOfLayout(layout, RotaryOrder::kHalves, directory, find));
  CLLM_ASSIGN(const ChatTemplate* chat, ChatTemplateOf(directory, notes));
  const auto files = std::make_shared<const std::vector<SafetensorsFile>>(std::move(tensors).TakeFiles());
  return ForeignModel{{shape, std::move(rows), {files}}, std::move(tokenizer), std::move(notes), chat};
}

}  // namespace cllm
