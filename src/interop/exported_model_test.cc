#include "interop/exported_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/temporary_directory.h"
#include "interop/gguf/gguf_file.h"
#include "interop/testing/exported.h"
#include "store/json.h"
#include "store/safetensors.h"

// The fields that other programs read, one by one.
namespace cllm {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class ExportedModelTest : public testing::Test {
 protected:
  std::string Write(const ModelShape& shape, const Tokenizer& tokenizer, const ExportChoice& choice) {
    parameters_.emplace(SomeWeights(shape));
    return WriteExported({*parameters_, tokenizer, "book-1", "Made for a test."}, choice, folder_ / "out");
  }
  Gguf WriteGguf(const ModelShape& shape, const Tokenizer& tokenizer, TensorType type = TensorType::kF32) {
    Result<GgufFile> file = GgufFile::Open(Write(shape, tokenizer, {ExportFormat::kGguf, type}));
    CHECK(file.ok());
    opened_.emplace(*std::move(file));
    return opened_->content();
  }
  JsonObject Json(const std::string& name) {
    const Result<JsonObject> json = JsonObject::ReadFrom(folder_ / ("out/" + name), 1 << 20);
    CHECK(json.ok());
    return *json;
  }

  TemporaryDirectory folder_;
  std::optional<Parameters> parameters_;
  std::optional<GgufFile> opened_;
};

TEST_F(ExportedModelTest, Gguf_HasEveryKeyThatReadersWant) {
  const Tokenizer tokenizer = SmallBpe();
  const ModelShape shape = ExportedShapes(tokenizer.vocabulary())[1];
  const Gguf file = WriteGguf(shape, tokenizer);
  const std::pair<const char*, uint64_t> numbers[] = {{"general.alignment", 32},
                                                      {"general.file_type", 0},
                                                      {"llama.vocab_size", 300},
                                                      {"llama.context_length", 300},
                                                      {"llama.embedding_length", 64},
                                                      {"llama.block_count", 1},
                                                      {"llama.feed_forward_length", 96},
                                                      {"llama.attention.head_count", 4},
                                                      {"llama.attention.head_count_kv", 2},
                                                      {"llama.attention.key_length", 16},
                                                      {"llama.attention.value_length", 16},
                                                      {"llama.rope.dimension_count", 16},
                                                      {"tokenizer.ggml.bos_token_id", 1},
                                                      {"tokenizer.ggml.eos_token_id", 2},
                                                      {"tokenizer.ggml.unknown_token_id", 0},
                                                      {"tokenizer.ggml.padding_token_id", 2}};
  for (const auto& [key, value] : numbers) {
    EXPECT_EQ(*file.Unsigned(key), value) << key;
    EXPECT_EQ(file.keys().find(key)->second.type, GgufValueType::kUint32) << key << " is u32 in real files";
  }
  EXPECT_EQ(*file.Text("general.architecture"), "llama");
  EXPECT_EQ(*file.Text("general.name"), "book-1");
  EXPECT_EQ(*file.Text("tokenizer.ggml.model"), "gpt2");
  EXPECT_EQ(*file.Text("tokenizer.ggml.pre"), "gpt-2");
  EXPECT_EQ(*file.Real("llama.rope.freq_base"), 500000);
  EXPECT_EQ(*file.Real("llama.attention.layer_norm_rms_epsilon"), 1e-6);
  EXPECT_TRUE(*file.Flag("tokenizer.ggml.add_bos_token"));
  EXPECT_FALSE(*file.Flag("tokenizer.ggml.add_eos_token"));
  EXPECT_FALSE(file.Has("general.quantization_version"));
  EXPECT_FALSE(file.Has("tokenizer.chat_template"));
}

// All 256 byte symbols are normal tokens: as BYTE (6) loading them fails; specials are unknown and control.
TEST_F(ExportedModelTest, Gguf_TokensAreInTheByteAlphabet_WithTheirKinds) {
  const Tokenizer tokenizer = SmallBpe();
  const Gguf file = WriteGguf(ExportedShapes(tokenizer.vocabulary())[0], tokenizer);
  const auto tokens = *file.Texts("tokenizer.ggml.tokens", 1000);
  const auto kinds = *file.Numbers("tokenizer.ggml.token_type", 1000);
  const auto merges = *file.Texts("tokenizer.ggml.merges", 1000);
  ASSERT_EQ(tokens.size(), 300u);
  ASSERT_EQ(kinds.size(), 300u);
  EXPECT_THAT(std::vector(tokens.begin(), tokens.begin() + 3), ElementsAre("<unk>", "<s>", "</s>"));
  EXPECT_EQ(tokens[3 + ' '], "\xC4\xA0");
  EXPECT_THAT(std::vector(kinds.begin(), kinds.begin() + 3), ElementsAre(2, 3, 3));
  for (size_t id = 3; id < kinds.size(); ++id) EXPECT_EQ(kinds[id], 1) << id;
  EXPECT_EQ(merges.size(), tokenizer.merges().size());
  for (const std::string& merge : merges) EXPECT_EQ(std::count(merge.begin(), merge.end(), ' '), 1) << merge;
}

TEST_F(ExportedModelTest, Gguf_OfBytes_HasTheKeyOfMerges) {
  const Gguf file = WriteGguf(ExportedShapes(kByteVocabulary)[0], Tokenizer::Bytes());
  ASSERT_TRUE(file.Has("tokenizer.ggml.merges"));
  EXPECT_TRUE(file.Texts("tokenizer.ggml.merges", 0)->empty());
}

TEST_F(ExportedModelTest, Gguf_TypesOfTensors) {
  const std::pair<TensorType, uint64_t> types[] = {
      {TensorType::kF32, 0}, {TensorType::kF16, 1}, {TensorType::kQ8_0, 7}, {TensorType::kBF16, 32}};
  for (const auto& [type, number] : types) {
    const Gguf file = WriteGguf(ExportedShapes(kByteVocabulary)[0], Tokenizer::Bytes(), type);
    EXPECT_EQ(*file.Unsigned("general.file_type"), number);
    EXPECT_EQ(file.Has("general.quantization_version"), type == TensorType::kQ8_0);
    for (const GgufTensor& tensor : file.tensors()) {
      if (tensor.name.find("norm") != std::string::npos) {
        EXPECT_EQ(tensor.type, GgufTensorType::kF32) << tensor.name;
      } else if (type == TensorType::kQ8_0 && tensor.columns == 44) {
        EXPECT_EQ(tensor.type, GgufTensorType::kF16) << tensor.name << ": rows of 44 are no whole blocks";
      } else {
        EXPECT_NE(type == TensorType::kF32, tensor.type != GgufTensorType::kF32) << tensor.name;
      }
    }
  }
}

TEST_F(ExportedModelTest, Gguf_SameModel_SameBytes) {
  const Tokenizer tokenizer = SmallBpe();
  const std::string path = Write(ExportedShapes(300)[0], tokenizer, {});
  const std::string first = ReadText(path);
  EXPECT_EQ(ReadText(Write(ExportedShapes(300)[0], tokenizer, {})), first);
}

TEST_F(ExportedModelTest, Modelfile_NamesFileContextAndEnd) {
  Write(ExportedShapes(300)[1], SmallBpe(), {});
  EXPECT_THAT(ReadText(folder_ / "out/model.Modelfile"),
              AllOf(HasSubstr("FROM ./model.gguf\n"), HasSubstr("TEMPLATE \"\"\"{{ .Prompt }}\"\"\"\n"),
                    HasSubstr("PARAMETER num_ctx 300\n"), HasSubstr("PARAMETER stop \"</s>\"\n")));
}

TEST_F(ExportedModelTest, HuggingFace_ConfigSpeaksToVersions4And5) {
  Write(ExportedShapes(300)[1], SmallBpe(), {ExportFormat::kHuggingFace, TensorType::kBF16});
  const JsonObject config = Json("config.json");
  EXPECT_EQ(*config.Text("model_type"), "llama");
  const std::pair<const char*, uint64_t> numbers[] = {{"vocab_size", 300},        {"hidden_size", 64},
                                                      {"intermediate_size", 96},  {"num_hidden_layers", 1},
                                                      {"num_attention_heads", 4}, {"num_key_value_heads", 2},
                                                      {"head_dim", 16},           {"bos_token_id", 1},
                                                      {"eos_token_id", 2},        {"max_position_embeddings", 300}};
  for (const auto& [name, value] : numbers) EXPECT_EQ(*config.Unsigned(name), value) << name;
  EXPECT_EQ(*config.Real("rope_theta"), 500000);
  EXPECT_EQ(*config.Object("rope_parameters")->Real("rope_theta"), 500000);
  EXPECT_EQ(*config.Object("rope_parameters")->Text("rope_type"), "default");
  EXPECT_THAT(ReadText(folder_ / "out/config.json"), HasSubstr("\"rope_theta\": 500000.0,"));  // a real number
  EXPECT_EQ(*config.Real("rms_norm_eps"), 1e-6);
  EXPECT_FALSE(*config.Boolean("tie_word_embeddings"));
  EXPECT_FALSE(*config.Boolean("attention_bias"));
  EXPECT_FALSE(*config.Boolean("mlp_bias"));
  EXPECT_EQ(*config.Text("torch_dtype"), "bfloat16");
  EXPECT_EQ(*config.Text("dtype"), "bfloat16");
  const JsonObject generation = Json("generation_config.json");
  EXPECT_EQ(*generation.Unsigned("max_length"), 300u);
}

TEST_F(ExportedModelTest, HuggingFace_TokenizerIsTakenAsItIs_AndBeginsTexts) {
  Write(ExportedShapes(300)[0], SmallBpe(), {ExportFormat::kHuggingFace, TensorType::kF32});
  const JsonObject words = Json("tokenizer_config.json");
  EXPECT_EQ(*words.Text("tokenizer_class"), "PreTrainedTokenizerFast");
  EXPECT_EQ(*words.Text("bos_token"), "<s>");
  EXPECT_EQ(*words.Text("eos_token"), "</s>");
  EXPECT_EQ(*words.Text("unk_token"), "<unk>");
  EXPECT_EQ(*words.Text("pad_token"), "</s>");
  EXPECT_FALSE(*words.Boolean("clean_up_tokenization_spaces"));
  EXPECT_TRUE(*words.Boolean("split_special_tokens"));
  EXPECT_EQ(*words.Unsigned("model_max_length"), 16u);
  const JsonObject processor = *Json("tokenizer.json").Object("post_processor");
  EXPECT_EQ(*processor.Text("type"), "TemplateProcessing");
  EXPECT_EQ(*(*processor.Objects("single"))[0].Object("SpecialToken")->Text("id"), "<s>");
}

TEST_F(ExportedModelTest, HuggingFace_TensorsAreNamedAndPermuted) {
  const ModelShape shape = ExportedShapes(300)[1];
  Write(shape, SmallBpe(), {ExportFormat::kHuggingFace, TensorType::kF32});
  const Result<SafetensorsFile> file = SafetensorsFile::Open(folder_ / "out/model.safetensors");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->metadata().at("format"), "pt");
  EXPECT_NE(file->Find("lm_head.weight"), nullptr);
  EXPECT_EQ(file->Find("model.norm.weight")->shape, std::vector<uint64_t>{64});
  const TensorInfo& qkv = parameters_->layout().query_key_value(0);
  std::vector<float> keys(32 * 64);
  ASSERT_TRUE(file->Read("model.layers.0.self_attn.k_proj.weight", {32, 64}, keys).ok());
  // Row 1 there is the first of the second pair here, row 8 the second of the first pair.
  const std::span<const float> ours = parameters_->tensor(qkv).subspan(64 * 64);
  EXPECT_EQ(keys[1 * 64], ours[2 * 64]);
  EXPECT_EQ(keys[8 * 64], ours[1 * 64]);
  EXPECT_EQ(keys[16 * 64], ours[16 * 64]);  // the next head
}

TEST_F(ExportedModelTest, HuggingFace_TiedModel_HasNoHead) {
  Write(ExportedShapes(300)[0], SmallBpe(), {ExportFormat::kHuggingFace, TensorType::kF32});
  EXPECT_EQ(SafetensorsFile::Open(folder_ / "out/model.safetensors")->Find("lm_head.weight"), nullptr);
}

TEST_F(ExportedModelTest, Card_SaysWhatItIs) {
  Write(ExportedShapes(300)[1], SmallBpe(), {ExportFormat::kHuggingFace, TensorType::kF32});
  EXPECT_THAT(ReadText(folder_ / "out/README.md"),
              AllOf(HasSubstr("library_name: transformers\n"), HasSubstr("license: other\n"), HasSubstr("# book-1\n"),
                    HasSubstr("Made for a test."), HasSubstr("300 tokens"), HasSubstr("AutoModelForCausalLM")));
  Write(ExportedShapes(300)[1], SmallBpe(), {});
  EXPECT_THAT(ReadText(folder_ / "out/model.md"),
              AllOf(HasSubstr("library_name: gguf\n"), HasSubstr("ollama create"), Not(HasSubstr("transformers"))));
}

TEST_F(ExportedModelTest, Dialogues_HaveTheirTemplateEverywhere) {
  const Parameters parameters = SomeWeights(ExportedShapes(300)[0]);
  const Tokenizer tokenizer = SmallBpe();
  const ExportedModel model{parameters, tokenizer, "talk", "Made for a test.", &kPlainChat};
  const Result<GgufFile> file = GgufFile::Open(WriteExported(model, {}, folder_ / "out"));
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(*file->content().Text("tokenizer.chat_template"), kPlainChat.jinja);
  EXPECT_THAT(ReadText(folder_ / "out/model.Modelfile"),
              AllOf(HasSubstr("TEMPLATE \"\"\"{{ range .Messages }}{{ .Role }}: {{ .Content }}"),
                    HasSubstr("</s>{{ end }}\n\n{{ end }}assistant:\"\"\"\n")));
  EXPECT_THAT(ReadText(folder_ / "out/model.md"), HasSubstr("taught dialogues"));
  WriteExported(model, {ExportFormat::kHuggingFace, TensorType::kF32}, folder_ / "out");
  const JsonObject words = Json("tokenizer_config.json");
  EXPECT_EQ(*words.Text("chat_template"), kPlainChat.jinja);
  EXPECT_FALSE(*words.Boolean("split_special_tokens")) << "the template spells the end token out";
}

TEST_F(ExportedModelTest, RefusalsNameTheReason) {
  const Parameters parameters = SomeWeights(ExportedShapes(300)[0]);
  const Tokenizer tokenizer = SmallBpe();
  const ExportedModel model{parameters, tokenizer, "book-1", ""};
  const Status q8 = CheckExportable(model, {ExportFormat::kHuggingFace, TensorType::kQ8_0});
  EXPECT_EQ(q8.code(), Code::kUsage);
  EXPECT_THAT(q8.message(), AllOf(HasSubstr("q8_0"), HasSubstr("safetensors")));
  EXPECT_TRUE(CheckExportable(model, {ExportFormat::kGguf, TensorType::kQ8_0}).ok());
}

// A token of the text "<s>" and the begin token are written alike.
TEST_F(ExportedModelTest, TokensThatAreWrittenAlike_AreRefused) {
  TokenizerParts parts;
  const Tokenizer bytes = Tokenizer::Bytes();
  for (uint32_t id = 0; id < kByteVocabulary; ++id) parts.tokens.emplace_back(bytes.TokenBytes(id));
  parts.tokens.insert(parts.tokens.end(), {"<s", "<s>"});
  parts.merges = {{3 + '<', 3 + 's', 259}, {259, 3 + '>', 260}};
  std::vector<LatticeToken> entries;
  const std::vector<std::string> specials = {"<unk>", "<s>", "</s>"};
  for (size_t id = 0; id < parts.tokens.size(); ++id) {
    entries.push_back({.bytes = id < 3 ? specials[id] : parts.tokens[id], .special = id < 3});
  }
  TokenLattice lattice = TokenLattice::Build(entries);
  const Result<Tokenizer> tokenizer = Tokenizer::Create(parts, std::move(lattice));
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status().message();
  const Parameters parameters = SomeWeights(ExportedShapes(261)[0]);
  for (const ExportFormat format : {ExportFormat::kGguf, ExportFormat::kHuggingFace}) {
    const Status status = CheckExportable({parameters, *tokenizer, "book-1", ""}, {format, TensorType::kF32});
    EXPECT_EQ(status.code(), Code::kUsage);
    EXPECT_THAT(status.message(), AllOf(HasSubstr("bpe:261"), HasSubstr("'<s>'")));
  }
}

TEST_F(ExportedModelTest, Notes_SayWhatIsDifferent) {
  const std::vector<ModelShape> shapes = ExportedShapes(300);
  EXPECT_THAT(ExportNotes(shapes[0], {}), ElementsAre(AllOf(HasSubstr("16 tokens"), HasSubstr("256"))));
  EXPECT_THAT(ExportNotes(shapes[1], {}), IsEmpty());
  EXPECT_THAT(ExportNotes(shapes[2], {}), IsEmpty());  // 256 is enough
  EXPECT_THAT(ExportNotes(shapes[0], {ExportFormat::kHuggingFace, TensorType::kF32}), IsEmpty());
  EXPECT_THAT(ExportNotes(shapes[2], {ExportFormat::kGguf, TensorType::kQ8_0}),
              ElementsAre(AllOf(HasSubstr("2 of the matrices"), HasSubstr("rows of 30"))));
}

}  // namespace
}  // namespace cllm
