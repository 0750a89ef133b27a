#include "interop/exported_model.h"

#include <fmt/format.h>

#include <set>

#include "interop/gguf/gguf_model.h"
#include "interop/hugging_face/hugging_face_model.h"
#include "interop/model_card.h"
#include "interop/ollama.h"

namespace cllm {
namespace {

constexpr size_t kQ8Block = 32;           // numbers of a Q8_0 block
constexpr size_t kPaddedContext = 256;  // llama.cpp rounds contexts up to multiples of this

// Readers find tokens by their texts and end the process where two have the same: a token of the text "<s>", say.
Status CheckTokenTexts(const Tokenizer& tokenizer) {
  std::set<std::string> seen;
  for (uint32_t id = 0; id < tokenizer.vocabulary(); ++id) {
    const std::string text = tokenizer.TokenText(id);
    if (seen.insert(text).second) continue;
    return Usage(
        fmt::format("the tokenizer {} has two tokens that are written '{}', of which llama.cpp and transformers "
                    "take one: it cannot be exported",
                    tokenizer.name(), text));
  }
  return {};
}

}  // namespace

Status CheckExportable(const ExportedModel& model, const ExportChoice& choice) {
  if (choice.format == ExportFormat::kHuggingFace && choice.type == TensorType::kQ8_0) {
    return Usage(
        "--type q8_0: safetensors of Hugging Face have no such numbers, expected f32, f16 or bf16 with --format "
        "hf, or --format gguf");
  }
  return CheckTokenTexts(model.tokenizer);
}

TensorType MatrixType(TensorType chosen, size_t columns) {
  return chosen == TensorType::kQ8_0 && columns % kQ8Block != 0 ? TensorType::kF16 : chosen;
}

std::vector<std::string> ExportNotes(const ModelShape& shape, const ExportChoice& choice) {
  std::vector<std::string> notes;
  if (choice.format == ExportFormat::kGguf && shape.context < kPaddedContext) {
    notes.push_back(
        fmt::format("the model was trained on {} tokens at once; llama.cpp rounds contexts up to {} and then "
                    "lets texts run beyond what it knows, where they get worse: train with --context {} or "
                    "more for other programs",
                    shape.context, kPaddedContext, kPaddedContext));
  }
  const ParameterLayout layout(shape);
  std::set<size_t> odd;
  size_t tensors = 0;
  for (const TensorInfo& info : layout.tensors()) {
    if (info.is_norm() || MatrixType(choice.type, info.columns) == choice.type) continue;
    odd.insert(info.columns);
    ++tensors;
  }
  if (tensors > 0) {
    notes.push_back(
        fmt::format("{} of the matrices are written as F16, because their rows of {} numbers are no whole "
                    "blocks of {} as Q8_0 needs them",
                    tensors, fmt::join(odd, " and "), kQ8Block));
  }
  return notes;
}

std::vector<CheckpointFile> ExportedFiles(const ExportedModel& model, const ExportChoice& choice,
                                          const std::string& stem) {
  if (choice.format == ExportFormat::kHuggingFace) {
    std::vector<CheckpointFile> files = {TextFile("README.md", ModelCard(model, choice, stem))};
    for (CheckpointFile& file : HuggingFaceFiles(model, choice.type)) files.push_back(std::move(file));
    return files;
  }
  return {TextFile(stem + ".md", ModelCard(model, choice, stem)),
          TextFile(stem + ".Modelfile", OllamaModelfile(model, stem + ".gguf")),
          GgufModelFile(model, choice.type, stem + ".gguf")};
}

}  // namespace cllm
