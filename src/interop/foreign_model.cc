#include "interop/foreign_model.h"

#include <fmt/format.h>

#include <memory>
#include <set>
#include <utility>

#include "base/file.h"
#include "base/path.h"
#include "interop/foreign_tensor.h"
#include "interop/gguf/gguf_file.h"
#include "interop/gguf/gguf_shape.h"
#include "interop/gguf/gguf_tokenizer.h"
#include "interop/hugging_face/hugging_face_reader.h"
#include "model/model_file.h"
#include "text/chat_template_file.h"
#include "text/tokenizer_file.h"

namespace cllm {
namespace {

constexpr const char* kChatTemplateKey = "tokenizer.chat_template";

Status CheckVocabulary(const std::string& label, const ModelShape& shape, const Tokenizer& tokenizer) {
  if (shape.vocabulary == tokenizer.vocabulary()) return {};
  return BadInput(
      fmt::format("{}: the model has {} tokens, the tokenizer {}", label, shape.vocabulary, tokenizer.vocabulary()));
}

Status CheckAllTensorsAreKnown(const Gguf& file, const ParameterLayout& layout) {
  std::set<std::string> known;
  for (const TensorPart& part : TensorParts(layout)) known.insert(part.gguf);
  for (const GgufTensor& tensor : file.tensors()) {
    if (known.contains(tensor.name) || tensor.name == kGgufRopeDivisors) continue;
    return BadInput(
        fmt::format("{}: the tensor '{}' is none of those of a plain Llama model", file.label(), tensor.name));
  }
  return {};
}

Result<ForeignModel> OpenGguf(const std::string& path) {
  CLLM_ASSIGN(GgufFile opened, GgufFile::Open(path));
  const auto file = std::make_shared<const GgufFile>(std::move(opened));
  const Gguf& content = file->content();
  std::vector<std::string> notes;
  CLLM_ASSIGN(const ModelShape shape, GgufShape(content, notes));
  CLLM_ASSIGN(Tokenizer tokenizer, GgufTokenizer(content));
  CLLM_TRY(CheckVocabulary(path, shape, tokenizer));
  const ParameterLayout layout(shape);
  CLLM_TRY(CheckAllTensorsAreKnown(content, layout));
  const auto find = [&](const TensorPart& part) -> Result<ForeignTensor> {
    const GgufTensor* tensor = content.FindTensor(part.gguf);
    if (tensor != nullptr) return ForeignTensorOf(*tensor);
    return BadInput(fmt::format("{}: the tensor '{}' is missing", path, part.gguf));
  };
  CLLM_ASSIGN(std::vector<TensorRows> tensors, TensorsOfLayout(layout, RotaryOrder::kAdjacent, path, find));
  const ChatTemplate* chat = nullptr;
  if (content.Has(kChatTemplateKey)) {
    CLLM_ASSIGN(const std::string jinja, content.Text(kChatTemplateKey));
    chat = KnownChatTemplate(jinja, notes);
  }
  return ForeignModel{{shape, std::move(tensors), {file}}, std::move(tokenizer), std::move(notes), chat};
}

}  // namespace

bool IsForeignModel(const std::string& path) {
  if (!IsDirectory(path)) return path.ends_with(kGgufEnding) && PathExists(path);
  return PathExists(JoinPath(path, kHuggingFaceConfig)) && !PathExists(JoinPath(path, kLatticeFileName));
}

Result<ForeignModel> OpenForeignModel(const std::string& path) {
  return IsDirectory(path) ? OpenHuggingFace(path) : OpenGguf(path);
}

const ChatTemplate* KnownChatTemplate(const std::string& jinja, std::vector<std::string>& notes) {
  if (jinja == kPlainChat.jinja) return &kPlainChat;
  notes.push_back("its chat template is not one that is known here, so the model continues texts");
  return nullptr;
}

std::vector<CheckpointFile> ImportedFiles(const ForeignModel& model) {
  std::vector<CheckpointFile> files;
  if (model.chat != nullptr) files.push_back(TextFile(kChatTemplateFileName, ChatTemplateJson(*model.chat)));
  files.push_back(TextFile(kTokenizerFileName, TokenizerJson(model.tokenizer)));
  files.push_back(TextFile(kLatticeFileName, LatticeJson(model.tokenizer)));
  files.push_back(ModelFile(model.shape(), model.stored.tensors));
  return files;
}

}  // namespace cllm
