#include "interop/gguf/gguf_model.h"

#include <cstring>
#include <utility>

#include "interop/gguf/gguf_writer.h"
#include "interop/tensor_names.h"
#include "model/rope_table.h"
#include "text/pre_split_json.h"
#include "text/tokenizer_file.h"

namespace cllm {
namespace {

uint32_t FileType(TensorType type) {
  switch (type) {
    case TensorType::kF32:
      return 0;
    case TensorType::kF16:
      return 1;
    case TensorType::kQ8_0:
      return 7;
    case TensorType::kBF16:
      return 32;
  }
  return 0;
}

void AddShape(const ModelShape& shape, GgufWriter& file) {
  const auto whole = [&](const char* key, size_t value) { file.Add(key, static_cast<uint32_t>(value)); };
  whole("llama.vocab_size", shape.vocabulary);
  whole("llama.context_length", shape.context);
  whole("llama.embedding_length", shape.width);
  whole("llama.block_count", shape.layers);
  whole("llama.feed_forward_length", shape.hidden);
  whole("llama.attention.head_count", shape.heads);
  whole("llama.attention.head_count_kv", shape.kv_heads);
  whole("llama.attention.key_length", shape.head_dim);
  whole("llama.attention.value_length", shape.head_dim);
  whole("llama.rope.dimension_count", shape.head_dim);
  file.Add("llama.rope.freq_base", static_cast<float>(shape.rope_base));
  file.Add("llama.attention.layer_norm_rms_epsilon", static_cast<float>(shape.norm_eps));
  if (shape.rope_factor == 1) return;
  file.Add(kGgufRopeFactor, static_cast<float>(shape.rope_factor));
  file.Add(kGgufRopeLow, static_cast<float>(shape.rope_low));
  file.Add(kGgufRopeHigh, static_cast<float>(shape.rope_high));
  file.Add(kGgufRopeOriginal, static_cast<uint32_t>(shape.rope_original));
}

// What stretches the rotary frequencies, a vector of F32.
TensorRows RopeDivisorRows(const ModelShape& shape) {
  return {.type = TensorType::kF32, .rows = 1, .columns = shape.head_dim / 2,
          .read = [divisors = RopeDivisors(shape)](size_t, std::span<std::byte> out) {
            for (size_t j = 0; j < divisors.size(); ++j) {
              const float divisor = static_cast<float>(divisors[j]);
              std::memcpy(&out[j * sizeof divisor], &divisor, sizeof divisor);
            }
          }};
}

int32_t KindOf(const Tokenizer& tokenizer, uint32_t id) {
  if (id == tokenizer.unknown() && id != tokenizer.begin() && id != tokenizer.end()) return kGgufUnknownToken;
  return tokenizer.TokenBytes(id).empty() ? kGgufControlToken : kGgufNormalToken;
}

void AddTokenizer(const Tokenizer& tokenizer, GgufWriter& file) {
  std::vector<std::string> tokens, merges;
  std::vector<int32_t> kinds;
  for (uint32_t id = 0; id < tokenizer.vocabulary(); ++id) {
    tokens.push_back(tokenizer.TokenText(id));
    kinds.push_back(KindOf(tokenizer, id));
  }
  for (const Merge& merge : tokenizer.merges()) {
    merges.push_back(tokenizer.TokenText(merge.left) + " " + tokenizer.TokenText(merge.right));
  }
  file.AddText("tokenizer.ggml.model", "gpt2");
  file.AddText("tokenizer.ggml.pre", NameOf(tokenizer.pre_split()));
  file.AddTexts("tokenizer.ggml.tokens", tokens);
  file.AddNumbers("tokenizer.ggml.token_type", kinds);
  file.AddTexts("tokenizer.ggml.merges", merges);
  // Where these are missing, readers take the token 11 for both.
  file.Add("tokenizer.ggml.bos_token_id", tokenizer.begin());
  file.Add("tokenizer.ggml.eos_token_id", tokenizer.end());
  file.Add("tokenizer.ggml.unknown_token_id", tokenizer.unknown());
  file.Add("tokenizer.ggml.padding_token_id", tokenizer.end());
  file.AddFlag("tokenizer.ggml.add_bos_token", tokenizer.adds_begin());
  file.AddFlag("tokenizer.ggml.add_eos_token", false);
  file.AddText(kGgufLatticeKey, LatticeJson(tokenizer));
}

// The rows of a part, which GGUF holds in our order.
TensorRows RowsOfPart(const Parameters& parameters, const TensorPart& part, TensorType type) {
  TensorRows rows = RowsOf(parameters, parameters.layout().tensors()[part.tensor], type);
  rows.rows = part.rows;
  rows.read = [read = std::move(rows.read), first = part.first_row](size_t row, std::span<std::byte> out) {
    read(first + row, out);
  };
  return rows;
}

}  // namespace

CheckpointFile GgufModelFile(const ExportedModel& model, TensorType type, std::string name) {
  GgufWriter file;
  file.AddText("general.architecture", "llama");
  file.AddText("general.type", "model");
  file.AddText("general.name", model.name);
  file.Add("general.alignment", static_cast<uint32_t>(kGgufAlignment));
  file.Add("general.file_type", FileType(type));
  if (type == TensorType::kQ8_0) file.Add("general.quantization_version", uint32_t{2});
  AddShape(model.shape(), file);
  AddTokenizer(model.tokenizer, file);
  if (model.chat != nullptr) file.AddText("tokenizer.chat_template", model.chat->jinja);
  if (model.shape().rope_factor != 1) file.AddTensor(std::string(kGgufRopeDivisors), RopeDivisorRows(model.shape()));
  for (const TensorPart& part : TensorParts(model.parameters.layout())) {
    const TensorType part_type = part.is_norm ? TensorType::kF32 : MatrixType(type, part.columns);
    file.AddTensor(part.gguf, RowsOfPart(model.parameters, part, part_type));
  }
  return std::move(file).File(std::move(name));
}

}  // namespace cllm
