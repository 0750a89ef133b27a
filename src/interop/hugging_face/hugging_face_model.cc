#include "interop/hugging_face/hugging_face_model.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "interop/tensor_names.h"
#include "store/json.h"
#include "text/tokenizer_file.h"

namespace cllm {
namespace {

std::string Page(const JsonFields& fields) { return WriteJson(fields, JsonStyle::kIndented) + "\n"; }

const char* TypeName(TensorType type) {
  if (type == TensorType::kF16) return "float16";
  return type == TensorType::kBF16 ? "bfloat16" : "float32";
}

DType StoredType(TensorType type) {
  if (type == TensorType::kF16) return DType::kF16;
  return type == TensorType::kBF16 ? DType::kBF16 : DType::kF32;
}

// How the rotary frequencies are stretched. REQUIRES: they are.
JsonFields RopeScaling(const ModelShape& shape) {
  return {{"rope_type", "llama3"},
          {"factor", shape.rope_factor},
          {"low_freq_factor", shape.rope_low},
          {"high_freq_factor", shape.rope_high},
          {"original_max_position_embeddings", shape.rope_original}};
}

JsonFields RopeParameters(const ModelShape& shape) {
  JsonFields fields = shape.rope_factor == 1 ? JsonFields{{"rope_type", "default"}} : RopeScaling(shape);
  fields.push_back({"rope_theta", shape.rope_base});
  return fields;
}

// With the rotation's base and the numbers' type in the words of transformers 4 and of 5: each falls back to its own
// default, silently, where its word is missing.
JsonFields Configuration(const ModelShape& shape, const Tokenizer& tokenizer, TensorType type) {
  return {{"architectures", JsonArray{"LlamaForCausalLM"}},
          {"model_type", "llama"},
          {"vocab_size", shape.vocabulary},
          {"hidden_size", shape.width},
          {"intermediate_size", shape.hidden},
          {"num_hidden_layers", shape.layers},
          {"num_attention_heads", shape.heads},
          {"num_key_value_heads", shape.kv_heads},
          {"head_dim", shape.head_dim},
          {"hidden_act", "silu"},
          {"max_position_embeddings", shape.context},
          {"rms_norm_eps", shape.norm_eps},
          {"rope_theta", shape.rope_base},
          {"rope_scaling", shape.rope_factor == 1 ? JsonValue() : JsonValue(RopeScaling(shape))},
          {"rope_parameters", RopeParameters(shape)},
          {"tie_word_embeddings", !shape.untied},
          {"attention_bias", false},
          {"mlp_bias", false},
          {"attention_dropout", 0.0},
          {"initializer_range", 0.02},
          {"pretraining_tp", 1},
          {"use_cache", true},
          {"bos_token_id", tokenizer.begin()},
          {"eos_token_id", tokenizer.end()},
          {"pad_token_id", {}},
          {"torch_dtype", TypeName(type)},
          {"dtype", TypeName(type)}};
}

// Without a length, generate() would stop at 20 tokens.
JsonFields Generation(const ModelShape& shape, const Tokenizer& tokenizer) {
  return {{"bos_token_id", tokenizer.begin()},
          {"eos_token_id", tokenizer.end()},
          {"max_length", shape.context},
          {"do_sample", true},
          {"temperature", 0.8},
          {"top_k", 40},
          {"top_p", 0.95}};
}

// The class is the one that takes tokenizer.json as it is: others put their own splitting in its place.
JsonFields TokenizerConfiguration(const ExportedModel& model) {
  const Tokenizer& tokenizer = model.tokenizer;
  JsonFields fields = {{"tokenizer_class", "PreTrainedTokenizerFast"},
                       {"model_max_length", model.shape().context},
                       {"bos_token", tokenizer.TokenText(tokenizer.begin())},
                       {"eos_token", tokenizer.TokenText(tokenizer.end())},
                       {"unk_token", tokenizer.TokenText(tokenizer.unknown())},
                       {"pad_token", tokenizer.TokenText(tokenizer.end())},
                       {"add_bos_token", tokenizer.adds_begin()},
                       {"add_eos_token", false},
                       {"clean_up_tokenization_spaces", false},
                       // A chat template spells the end token out, which has to become the token then.
                       {"split_special_tokens", model.chat == nullptr}};
  if (model.chat != nullptr) fields.push_back({"chat_template", model.chat->jinja});
  return fields;
}

JsonFields SpecialPiece(const std::string& token, int type) {
  return {{"SpecialToken", JsonFields{{"id", token}, {"type_id", type}}}};
}

JsonFields SequencePiece(const char* name, int type) {
  return {{"Sequence", JsonFields{{"id", name}, {"type_id", type}}}};
}

// What puts the begin token in front of a text; `add_bos_token` alone does nothing for tokenizers of this kind.
JsonFields BeginTemplate(const Tokenizer& tokenizer) {
  const std::string begin = tokenizer.TokenText(tokenizer.begin());
  const JsonFields token = {{"id", begin}, {"ids", JsonArray{tokenizer.begin()}}, {"tokens", JsonArray{begin}}};
  return {
      {"type", "TemplateProcessing"},
      {"single", JsonArray{SpecialPiece(begin, 0), SequencePiece("A", 0)}},
      {"pair", JsonArray{SpecialPiece(begin, 0), SequencePiece("A", 0), SpecialPiece(begin, 1), SequencePiece("B", 1)}},
      {"special_tokens", JsonFields{{begin, token}}}};
}

std::string TokenizerPage(const Tokenizer& tokenizer) {
  const Result<JsonObject> own = JsonObject::Parse(TokenizerJson(tokenizer), kTokenizerFileName);
  CHECK(own.ok());
  JsonFields fields = own->fields();
  const auto field =
      std::find_if(fields.begin(), fields.end(), [](const auto& f) { return f.name == "post_processor"; });
  CHECK(field != fields.end());
  if (tokenizer.adds_begin()) field->value = BeginTemplate(tokenizer);
  return Page(fields);
}

WritableTensor WritablePart(const Parameters& parameters, const TensorPart& part, TensorType type) {
  TensorRows rows = RowsOf(parameters, parameters.layout().tensors()[part.tensor], type);
  rows.rows = part.rows;
  rows.read = [read = std::move(rows.read), part](size_t row, std::span<std::byte> out) {
    read(part.first_row + RowOfHuggingFace(part, row), out);
  };
  std::vector<uint64_t> shape = {part.columns};
  if (!part.is_norm) shape.insert(shape.begin(), part.rows);
  return {part.hugging_face, StoredType(type), std::move(shape),
          [rows = std::move(rows)](ByteSink& sink) { return WriteRows(rows, sink); }};
}

}  // namespace

std::vector<CheckpointFile> HuggingFaceFiles(const ExportedModel& model, TensorType type) {
  CHECK(type != TensorType::kQ8_0);
  std::vector<WritableTensor> tensors;
  for (const TensorPart& part : TensorParts(model.parameters.layout())) {
    tensors.push_back(WritablePart(model.parameters, part, part.is_norm ? TensorType::kF32 : type));
  }
  const ModelShape& shape = model.shape();
  return {TextFile("config.json", Page(Configuration(shape, model.tokenizer, type))),
          TextFile("generation_config.json", Page(Generation(shape, model.tokenizer))),
          TextFile("tokenizer_config.json", Page(TokenizerConfiguration(model))),
          TextFile(kTokenizerFileName, TokenizerPage(model.tokenizer)),
          TextFile(kLatticeFileName, LatticeJson(model.tokenizer)),
          TensorFile("model.safetensors", std::move(tensors), {})};
}

}  // namespace cllm
