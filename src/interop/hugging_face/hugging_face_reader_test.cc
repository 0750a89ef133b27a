#include "interop/hugging_face/hugging_face_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/testing/temporary_directory.h"
#include "interop/testing/exported.h"
#include "model/parameters.h"
#include "store/json.h"
#include "text/tokenizer_file.h"

namespace cllm {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class HuggingFaceReader : public testing::Test {
 protected:
  void SetUp() override {
    WriteExported({parameters_, tokenizer_, "name", ""}, {ExportFormat::kHuggingFace, TensorType::kF32}, path_);
  }
  void Replace(const std::string& name, const std::string& from, const std::string& to) {
    std::string text = ReadText(path_ + "/" + name);
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    WriteText(path_ + "/" + name, text.replace(at, from.size(), to));
  }
  std::string Fault() {
    const Result<ForeignModel> model = OpenHuggingFace(path_);
    if (model.ok()) return "accepted";
    EXPECT_EQ(model.status().code(), Code::kBadInput);
    return model.status().message();
  }
  // The tensors in two files, with their index.
  void Shard(const std::string& second_name = "model-00002-of-00002.safetensors") {
    PosixFileSystem files;
    const Result<SafetensorsFile> whole = SafetensorsFile::Open(path_ + "/model.safetensors");
    ASSERT_TRUE(whole.ok());
    const std::vector<TensorView>& all = whole->tensors();
    const std::vector<TensorView> first(all.begin(), all.begin() + 4), second(all.begin() + 4, all.end());
    JsonFields map;
    for (const TensorView& tensor : first) map.push_back({tensor.name, "model-00001-of-00002.safetensors"});
    for (const TensorView& tensor : second) map.push_back({tensor.name, second_name});
    const std::vector<CheckpointFile> group = {
        TensorFile("model-00001-of-00002.safetensors", first, {}),
        TensorFile("model-00002-of-00002.safetensors", second, {}),
        TextFile("model.safetensors.index.json", WriteJson({{"weight_map", map}}))};
    ASSERT_TRUE(WriteFileGroup(files, path_, group, IfThere::kRefuse).ok());
    std::filesystem::remove(path_ + "/model.safetensors");
  }

  TemporaryDirectory folder_;
  const std::string path_ = folder_ / "hf";
  const Tokenizer tokenizer_ = SmallBpe();
  const Parameters parameters_ = SomeWeights(ExportedShapes(300)[1]);
};

struct FaultCase {
  const char* from;
  const char* to;
  const char* message;
};

TEST_F(HuggingFaceReader, FaultsOfTheConfiguration_NameTheField) {
  const FaultCase cases[] = {
      {"\"model_type\": \"llama\"", "\"model_type\": \"gemma\"", "model_type is 'gemma'"},
      {"LlamaForCausalLM", "MistralForCausalLM", "architectures"},
      {"\"hidden_act\": \"silu\"", "\"hidden_act\": \"gelu\"", "hidden_act is 'gelu'"},
      {"\"attention_bias\": false", "\"attention_bias\": true", "attention_bias"},
      {"\"mlp_bias\": false", "\"mlp_bias\": true", "mlp_bias"},
      {"\"rope_scaling\": null", "\"rope_scaling\": {\"type\": \"linear\"}", "rope_scaling"},
      {"\"rope_type\": \"default\"", "\"rope_type\": \"yarn\"", "rope_type is 'yarn'"},
      {"\"rope_type\": \"default\"", "\"rope_type\": \"llama3\"", "factor"},
      {"\"rope_scaling\": null",
       "\"rope_scaling\": {\"type\": \"llama3\", \"factor\": 8.0, \"low_freq_factor\": 1.0, \"high_freq_factor\": 4.0, "
       "\"original_max_position_embeddings\": 8192}",
       "contradict each other"},
      {"\"use_cache\": true", "\"quantization_config\": {}", "quantization_config"},
      {"\"use_cache\": true", "\"sliding_window\": 4096", "sliding_window"},
      {"\"use_cache\": true", "\"partial_rotary_factor\": 0.5", "partial_rotary_factor is 0.5"},
      {"\"num_hidden_layers\": 1", "\"num_hidden_layers\": 0", "layers is 0"},
      {"\"num_hidden_layers\": 1", "\"num_hidden_layers\": 18446744073709551615", "layers is 18446744073709551615"},
      {"\"num_hidden_layers\": 1", "\"num_hidden_layers\": -1", "num_hidden_layers"},
      {"\"num_hidden_layers\": 1", "\"num_hidden_layers\": 1.5", "num_hidden_layers"},
      {"\"num_hidden_layers\": 1", "\"num_hidden_layers\": \"1\"", "num_hidden_layers"},
      {"\"num_attention_heads\": 4", "\"num_attention_heads\": 0", "heads"},
      {"\"num_attention_heads\": 4", "\"num_attention_heads\": 3", "kv_heads 2 does not divide heads 3"},
      {"\"num_key_value_heads\": 2", "\"num_key_value_heads\": 0", "num_key_value_heads"},
      {"\"head_dim\": 16", "\"head_dim\": 15", "head_dim is 15"},
      {"\"hidden_size\": 64", "\"hidden_size\": 1000000", "width is 1000000"},
      {"\"vocab_size\": 300", "\"vocab_size\": 1099511627776", "1099511627776"},
      {"\"vocab_size\": 300", "\"vocab_size\": 299", "299"},
      {"\"rms_norm_eps\": 1e-06", "\"rms_norm_eps\": 1", "norm_eps"},
      {"\"rope_theta\": 500000.0\n", "\"rope_theta\": -1.0\n", "rope_base"},
      {"\"tie_word_embeddings\": false", "\"tie_word_embeddings\": 0", "tie_word_embeddings"},
  };
  const std::string good = ReadText(path_ + "/config.json");
  for (const FaultCase& fault : cases) {
    WriteText(path_ + "/config.json", good);
    Replace("config.json", fault.from, fault.to);
    EXPECT_THAT(Fault(), HasSubstr(fault.message)) << fault.to;
  }
}

TEST_F(HuggingFaceReader, DimensionsAgainstTheTensors_AreFound) {
  Replace("config.json", "\"intermediate_size\": 96", "\"intermediate_size\": 97");
  EXPECT_THAT(Fault(), AllOf(HasSubstr("mlp.gate_proj.weight"), HasSubstr("96 rows of 64, expected 97 of 64")));
  Replace("config.json", "\"intermediate_size\": 97", "\"intermediate_size\": 96");
  Replace("config.json", "\"num_hidden_layers\": 1", "\"num_hidden_layers\": 2");
  EXPECT_THAT(Fault(), HasSubstr("'model.layers.1.input_layernorm.weight' is missing"));
}

TEST_F(HuggingFaceReader, TiedModel_PassesByAHead_AnUntiedNeedsIt) {
  Replace("config.json", "\"tie_word_embeddings\": false", "\"tie_word_embeddings\": true");
  EXPECT_EQ(Fault(), "accepted");
}

TEST_F(HuggingFaceReader, Version4Words_AreEnough) {
  Replace("config.json", "\"rope_parameters\"", "\"other\"");
  const Result<ForeignModel> model = OpenHuggingFace(path_);
  ASSERT_TRUE(model.ok()) << model.status().message();
  EXPECT_EQ(model->shape().rope_base, 500000);
}

TEST_F(HuggingFaceReader, LongContext_IsCapped_Told) {
  Replace("config.json", "\"max_position_embeddings\": 300", "\"max_position_embeddings\": 131072");
  const Result<ForeignModel> model = OpenHuggingFace(path_);
  ASSERT_TRUE(model.ok()) << model.status().message();
  EXPECT_EQ(model->shape().context, 65536u);
  EXPECT_THAT(model->notes, testing::ElementsAre(AllOf(HasSubstr("131,072"), HasSubstr("65,536"))));
}

TEST_F(HuggingFaceReader, Parts_AreOneModel) {
  Shard();
  const Result<ForeignModel> model = OpenHuggingFace(path_);
  ASSERT_TRUE(model.ok()) << model.status().message();
  EXPECT_EQ(WeightHash(model->stored), WeightHash(parameters_));
}

TEST_F(HuggingFaceReader, FaultsOfParts_AreNamed) {
  Shard("../elsewhere.safetensors");
  EXPECT_THAT(Fault(), HasSubstr("is not the name of a file beside it"));
  WriteText(path_ + "/model.safetensors.index.json", R"({"weight_map": {"a": 7}})");
  EXPECT_THAT(Fault(), HasSubstr("is not the name of a file beside it"));
  WriteText(path_ + "/model.safetensors.index.json", R"({"weight_map": {"a": "model-00001-of-00002.safetensors"}})");
  EXPECT_THAT(Fault(), HasSubstr("is missing"));
  WriteText(path_ + "/model.safetensors.index.json", R"({"weight_map": {"a": "no.safetensors"}})");
  EXPECT_THAT(Fault(), HasSubstr("no.safetensors"));
  std::filesystem::copy(path_ + "/model-00001-of-00002.safetensors", path_ + "/copy.safetensors");
  WriteText(path_ + "/model.safetensors.index.json",
            R"({"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "copy.safetensors"}})");
  EXPECT_THAT(Fault(), HasSubstr("is in another file too"));
}

TEST_F(HuggingFaceReader, MissingFiles_AreNamed) {
  for (const char* name : {"model.safetensors", "tokenizer.json", "config.json"}) {
    std::filesystem::remove(path_ + "/" + name);
    EXPECT_THAT(Fault(), HasSubstr(name));
  }
}

// Without our lattice: special tokens by what the files say of them, a lattice from the tokens.
TEST_F(HuggingFaceReader, ForeignTokenizer_GetsItsIds_AndALattice) {
  std::filesystem::remove(path_ + "/lattice.json");
  const Result<ForeignModel> model = OpenHuggingFace(path_);
  ASSERT_TRUE(model.ok()) << model.status().message();
  EXPECT_EQ(model->tokenizer.begin(), 1u);
  EXPECT_EQ(model->tokenizer.end(), 2u);
  EXPECT_EQ(model->tokenizer.unknown(), 0u);
  EXPECT_TRUE(model->tokenizer.adds_begin());
  EXPECT_EQ(model->tokenizer.Encode("walking talks"), tokenizer_.Encode("walking talks"));
  EXPECT_NE(model->tokenizer.hash(), tokenizer_.hash());
  Replace("tokenizer.json", "TemplateProcessing", "Other");
  Replace("tokenizer.json", "\"single\"", "\"others\"");
  EXPECT_FALSE(OpenHuggingFace(path_)->tokenizer.adds_begin());
}

TEST_F(HuggingFaceReader, OneTokenForBeginAndEnd_IsTaken_AndStored) {
  std::filesystem::remove(path_ + "/lattice.json");
  for (const char* name : {"\"bos_token\": \"<s>\"", "\"unk_token\": \"<unk>\""}) {
    Replace("tokenizer_config.json", name, std::string(name).substr(0, 13) + "\"</s>\"");
  }
  const Result<ForeignModel> model = OpenHuggingFace(path_);
  ASSERT_TRUE(model.ok()) << model.status().message();
  const Tokenizer& tokenizer = model->tokenizer;
  EXPECT_EQ(tokenizer.begin(), 2u);
  EXPECT_EQ(tokenizer.unknown(), 2u);
  EXPECT_TRUE(tokenizer.never_generated().empty()) << "the end must come out of a model";
  const Result<Tokenizer> again = ParseTokenizer(TokenizerJson(tokenizer), LatticeJson(tokenizer), "again");
  ASSERT_TRUE(again.ok()) << again.status().message();
  EXPECT_EQ(again->hash(), tokenizer.hash());
  EXPECT_EQ(again->begin(), 2u);
}

}  // namespace
}  // namespace cllm
