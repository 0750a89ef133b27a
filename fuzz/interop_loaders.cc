#include <string>

#include "base/check.h"
#include "base/testing/temporary_directory.h"
#include "interop/foreign_model.h"
#include "interop/gguf/gguf_file.h"
#include "loaders.h"
#include "model/model_file.h"

namespace cllm::fuzz {
namespace {

class Discard : public ByteSink {
 public:
  Status Append(ByteView bytes) override {
    count += bytes.size();
    return {};
  }
  uint64_t count = 0;
};

// What was accepted can be read to its end and written as ours.
Status UseModel(const std::string& path) {
  CLLM_ASSIGN(const ForeignModel model, OpenForeignModel(path));
  CHECK(Validate(model.shape()).ok() && model.tokenizer.vocabulary() == model.shape().vocabulary);
  const std::string text = "The rivers' walks, 12 \xC3\xA9t\xC3\xA9\n\xFF";
  CHECK(model.tokenizer.Decode(model.tokenizer.Encode(text)) == text);
  for (const CheckpointFile& file : ImportedFiles(model)) {
    Discard sink;
    CHECK(file.write(sink).ok() && sink.count == file.bytes);
  }
  return {};
}

}  // namespace

Status LoadGguf(ByteView bytes) {
  CLLM_ASSIGN(const Gguf file, Gguf::Parse(bytes, "fuzz"));
  for (const GgufTensor& tensor : file.tensors()) {
    CHECK(tensor.bytes.data() >= bytes.data() &&
          tensor.bytes.data() + tensor.bytes.size() <= bytes.data() + bytes.size() &&
          tensor.bytes.size() == tensor.rows * GgufRowBytes(tensor.type, tensor.columns));
  }
  for (const auto& [key, value] : file.keys()) {
    // Each getter reads the value or says what is wrong with it.
    const bool read = file.Unsigned(key).ok() || file.Real(key).ok() || file.Flag(key).ok() || file.Text(key).ok() ||
                      file.Texts(key, 1 << 20).ok() || file.Numbers(key, 1 << 20).ok();
    CHECK(read || !file.Unsigned(key).status().message().empty());
  }
  const TemporaryDirectory folder;
  WriteText(folder / "model.gguf", AsText(bytes));
  return UseModel(folder / "model.gguf");
}

Status LoadHuggingFace(ByteView bytes) {
  const TemporaryDirectory folder;
  std::string_view rest = AsText(bytes);
  for (const char* name : {"config.json", "tokenizer_config.json", "tokenizer.json", "model.safetensors"}) {
    const size_t end = name == std::string("model.safetensors") ? rest.npos : rest.find('\0');
    WriteText(folder / name, rest.substr(0, end));
    rest = end == rest.npos ? "" : rest.substr(end + 1);
  }
  return UseModel(folder.path());
}

}  // namespace cllm::fuzz
