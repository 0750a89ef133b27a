#include "model/model_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <utility>
#include <vector>

#include "base/testing/temporary_directory.h"
#include "kernels/gemm/panels.h"
#include "store/safetensors.h"

namespace cllm {
namespace {

using ::testing::HasSubstr;

class ModelFiles : public ::testing::Test {
 protected:
  ModelFiles() : parameters_(config_) { InitializeParameters(5, parameters_); }

  std::string Write(const std::string& name, TensorType matrices = TensorType::kF32) {
    return Write(name, ModelFile(parameters_, matrices));
  }
  std::string Write(const std::string& name, const CheckpointFile& content) {
    const std::string path = directory_ / name;
    auto file = files_.Create(path);
    EXPECT_TRUE(file.ok());
    EXPECT_TRUE(content.write(**file).ok());
    EXPECT_TRUE((*file)->Close().ok());
    EXPECT_EQ(Content(path).size(), content.bytes);
    return path;
  }
  // The file written anew after a change of its tensors and metadata.
  template <class Change>
  std::string WriteChanged(const std::string& from, Change change) {
    const auto file = SafetensorsFile::Open(from);
    EXPECT_TRUE(file.ok());
    std::vector<TensorView> tensors = file->tensors();
    TensorMetadata metadata = file->metadata();
    change(tensors, metadata);
    return Write("changed.safetensors", TensorFile("changed.safetensors", tensors, metadata));
  }
  // The same with one entry of the metadata changed.
  std::string WriteWith(const std::string& name, const std::string& value) {
    return WriteChanged(Write("a.safetensors"), [&, name = name, value = value](auto&, TensorMetadata& metadata) {
                      metadata[name] = value;
                    });
  }
  // As a file of format 1 has it.
  std::string WriteFormat1() {
    return WriteChanged(Write("a.safetensors"), [](auto&, TensorMetadata& metadata) {
      metadata[kFormatKey] = "1";
      for (const char* name : {"kv_heads", "head_dim", "untied", "rope_base", "norm_eps"}) metadata.erase(name);
    });
  }
  // Refused in one sentence that names the file and these words.
  static void ExpectRefused(const std::string& path, const std::vector<std::string>& words) {
    const Status status = ReadModelShape(path).status();
    EXPECT_EQ(status.code(), Code::kBadInput);
    EXPECT_THAT(status.message(), ::testing::StartsWith(path + ": "));
    EXPECT_EQ(status.message().find('\n'), std::string::npos);
    for (const std::string& word : words) EXPECT_THAT(status.message(), HasSubstr(word));
  }
  static std::string Content(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  ModelShape config_{.layers = 2, .heads = 2, .width = 8, .hidden = 12, .context = 8, .vocabulary = 20};
  // Of every dimension another value than the others give it.
  ModelShape grouped_{.layers = 1,
                      .heads = 4,
                      .width = 10,
                      .hidden = 33,
                      .context = 8,
                      .vocabulary = 20,
                      .kv_heads = 2,
                      .head_dim = 6,
                      .untied = true,
                      .rope_base = 50000,
                      .norm_eps = 1e-6};
  Parameters parameters_;
  TemporaryDirectory directory_;
  PosixFileSystem files_;
};

TEST_F(ModelFiles, Weights_RoundTrip_AndEqualWeightsAreEqualFiles) {
  const std::string path = Write("a.safetensors");
  const auto config = ReadModelShape(path);
  ASSERT_TRUE(config.ok()) << config.status().message();
  EXPECT_EQ(*config, config_);
  Parameters read(config_);
  ASSERT_TRUE(ReadModel(path, read).ok());
  EXPECT_EQ(WeightHash(read), WeightHash(parameters_));
  EXPECT_EQ(Content(path), Content(Write("b.safetensors")));
}

TEST_F(ModelFiles, AnotherShape_IsRefused) {
  const std::string path = Write("a.safetensors");
  ModelShape other = config_;
  other.hidden = 16;
  Parameters read(other);
  EXPECT_EQ(ReadModel(path, read).code(), Code::kBadInput);
}

TEST_F(ModelFiles, EveryDimension_IsWrittenAndRead) {
  Parameters grouped(grouped_), read(grouped_);
  InitializeParameters(6, grouped);
  const std::string path = Write("grouped.safetensors", ModelFile(grouped));
  const auto shape = ReadModelShape(path);
  ASSERT_TRUE(shape.ok()) << shape.status().message();
  EXPECT_EQ(*shape, grouped_);
  ASSERT_TRUE(ReadModel(path, read).ok());
  EXPECT_EQ(WeightHash(read), WeightHash(grouped));
}

constexpr std::array kTypes = {TensorType::kF32, TensorType::kF16, TensorType::kBF16, TensorType::kQ8_0};

// Norms as they are, matrices as rounded to the type.
TEST_F(ModelFiles, EveryType_IsReadAsItsNumbers_AndWrittenAsTheSameFile) {
  for (const ModelShape& shape : {config_, grouped_}) {
    Parameters parameters(shape), read(shape);
    InitializeParameters(7, parameters);
    for (const TensorType type : kTypes) {
      SCOPED_TRACE(std::string(NameOf(type)));
      const std::string path = Write("a.safetensors", ModelFile(parameters, type));
      const Status status = ReadModel(path, read);
      ASSERT_TRUE(status.ok()) << status.message();
      EXPECT_EQ(Content(path), Content(Write("b.safetensors", ModelFile(read, type))));
      for (const TensorInfo& info : parameters.layout().tensors()) {
        const auto values = parameters.tensor(info), found = read.tensor(info);
        std::vector<float> expected(values.begin(), values.end());
        if (type == TensorType::kBF16 && !info.is_norm()) {
          RoundWeights(expected.data(), info.rows, info.columns, Storage::kBf16);
        }
        if (type == TensorType::kQ8_0 && !info.is_norm()) {
          RoundWeights(expected.data(), info.rows, info.columns, Storage::kQ8);
        }
        if (type == TensorType::kF16) continue;  // its numbers: tensor_types_test.cc
        EXPECT_TRUE(std::equal(expected.begin(), expected.end(), found.begin())) << info.name;
      }
    }
  }
}

TEST_F(ModelFiles, TypesOfTensors_StandInTheFile) {
  const auto q8 = SafetensorsFile::Open(Write("q8.safetensors", TensorType::kQ8_0));
  ASSERT_TRUE(q8.ok());
  EXPECT_EQ(q8->Find("embedding")->dtype, DType::kU8);
  EXPECT_EQ(q8->Find("embedding")->shape, (std::vector<uint64_t>{20, 34}));
  EXPECT_EQ(q8->Find("final_norm")->dtype, DType::kF32);
  EXPECT_EQ(q8->metadata().at("type.embedding"), "Q8_0");
  EXPECT_EQ(q8->metadata().count("type.final_norm"), 0u);
  const auto bf16 = SafetensorsFile::Open(Write("bf16.safetensors", TensorType::kBF16));
  ASSERT_TRUE(bf16.ok());
  EXPECT_EQ(bf16->Find("embedding")->dtype, DType::kBF16);
  EXPECT_EQ(bf16->Find("embedding")->shape, (std::vector<uint64_t>{20, 8}));
}

TEST_F(ModelFiles, TypesThatContradict_AreRefused) {
  const std::string q8 = Write("q8.safetensors", TensorType::kQ8_0);
  const auto change = [&](const char* name, const char* value) {
    return WriteChanged(q8, [&, name = name, value = value](auto&, TensorMetadata& metadata) {
                      metadata[name] = value;
                    });
  };
  ExpectRefused(change("type.embedding", "Q8_1"), {"'embedding'", "'Q8_1' in U8", "Q8_0"});
  ExpectRefused(change("type.embedding", "F32"), {"'embedding'", "'F32' in U8"});
  ExpectRefused(change("type.final_norm", "Q8_0"), {"'final_norm'", "'Q8_0' in F32"});
  ExpectRefused(WriteChanged(q8, [](auto&, TensorMetadata& metadata) { metadata.erase("type.embedding"); }),
                {"'embedding'", "'U8' in U8"});
  ExpectRefused(WriteChanged(Write("a.safetensors"),
                             [](std::vector<TensorView>& tensors, auto&) { tensors[0].dtype = DType::kI32; }),
                {"'I32' in I32", "F32, F16, BF16"});
}

// A shape larger than the file must be refused before memory is taken for it.
TEST_F(ModelFiles, MetadataThatClaimsMore_IsRefused_InEveryType) {
  for (const TensorType type : kTypes) {
    const std::string path = Write("a.safetensors", type);
    for (const auto& [name, value] : {std::pair{"vocabulary", "1048576"},
                                      {"width", "8192"},
                                      {"layers", "256"},
                                      {"hidden", "32768"},
                                      {"head_dim", "1024"},
                                      {"width", "9"},
                                      {"vocabulary", "19"}}) {
      SCOPED_TRACE(std::string(NameOf(type)) + ", " + name + " " + value);
      ExpectRefused(WriteChanged(path, [&, name = name, value = value](auto&, TensorMetadata& metadata) {
                      metadata[name] = value;
                    }), {"tensor"});
    }
  }
}

TEST_F(ModelFiles, ShapesThatContradict_AreRefusedByTheirDimensions) {
  ExpectRefused(WriteWith("kv_heads", "3"), {"kv_heads 3", "heads 2"});
  ExpectRefused(WriteWith("head_dim", "7"), {"head_dim is 7", "heads 2", "width 8"});
  ExpectRefused(WriteWith("rope_base", "0.5"), {"rope_base is '0.5'", "from 1 to"});
  ExpectRefused(WriteWith("rope_base", "nan"), {"rope_base is 'nan'"});
  ExpectRefused(WriteWith("norm_eps", "1"), {"norm_eps is '1'", "to 0.1"});
  ExpectRefused(WriteWith("norm_eps", "0"), {"norm_eps is '0'", "from 1e-12"});
  ExpectRefused(WriteWith("untied", "maybe"), {"untied is 'maybe'", "true or false"});
  ExpectRefused(WriteWith("heads", "0"), {"heads is '0'", "from 1 to 256"});
  ExpectRefused(WriteChanged(Write("a.safetensors"), [](auto&, TensorMetadata& metadata) { metadata.erase("untied"); }),
                {"lacks 'untied'"});
}

TEST_F(ModelFiles, HeadOfATiedModel_AndUntiedWithoutOne_AreRefused) {
  Parameters untied(grouped_);
  const std::string path = Write("untied.safetensors", ModelFile(untied));
  ExpectRefused(WriteChanged(path, [](auto&, TensorMetadata& metadata) { metadata["untied"] = "false"; }),
                {"untied is false", "expected true", "a tensor 'head'"});
  ExpectRefused(WriteWith("untied", "true"), {"untied is true", "expected false", "no tensor 'head'"});
}

TEST_F(ModelFiles, OtherTensors_AreRefused) {
  ExpectRefused(WriteChanged(Write("a.safetensors"),
                             [](std::vector<TensorView>& tensors, auto&) {
                               tensors.push_back(tensors.back());
                               tensors.back().name = "more";
                             }),
                {"15 tensors, expected 14"});
  ExpectRefused(WriteChanged(Write("a.safetensors"),
                             [](std::vector<TensorView>& tensors, auto&) {
                               for (TensorView& tensor : tensors) {
                                 if (tensor.name == "final_norm") tensor.name = "last_norm";
                               }
                             }),
                {"'final_norm' is missing"});
}

TEST_F(ModelFiles, OfFormat1_AreReadWithTheDimensionsOfTheirTime) {
  const std::string path = WriteFormat1();
  const auto shape = ReadModelShape(path);
  ASSERT_TRUE(shape.ok()) << shape.status().message();
  EXPECT_EQ(*shape, config_);
  Parameters read(config_);
  ASSERT_TRUE(ReadModel(path, read).ok());
  EXPECT_EQ(WeightHash(read), WeightHash(parameters_));
}

TEST_F(ModelFiles, OfFormat1_WithWhatFormat2Brought_AreRefused) {
  const std::string first = Content(WriteFormat1()), path = directory_ / "first.safetensors";
  std::ofstream(path, std::ios::binary) << first;
  for (const auto& [name, value] : {std::pair{"kv_heads", "2"},
                                    {"head_dim", "4"},
                                    {"untied", "false"},
                                    {"rope_base", "10000"},
                                    {"norm_eps", "1e-05"}}) {
    ExpectRefused(WriteChanged(path, [&, name = name, value = value](auto&, TensorMetadata& metadata) {
                      metadata[name] = value;
                    }),
                  {name, value, "format 1"});
  }
  const std::string bf16 = Write("bf16.safetensors", TensorType::kBF16);
  ExpectRefused(WriteChanged(bf16,
                             [](auto&, TensorMetadata& metadata) {
                               metadata[kFormatKey] = "1";
                               for (const char* name : {"kv_heads", "head_dim", "untied", "rope_base", "norm_eps"}) {
                                 metadata.erase(name);
                               }
                             }),
                {"'BF16'", "expected F32 in a file of format 1"});
}

// Only what former readers would misread is of a new format.
TEST_F(ModelFiles, OfStretchedRotations_AreOfFormat3) {
  ModelShape shape = parameters_.shape();
  for (const double factor : {1.0, 8.5}) {
    shape.rope_factor = factor;
    Parameters parameters(shape);
    InitializeParameters(4, parameters);
    const std::string path = Write("of-a-format.safetensors", ModelFile(parameters));
    const auto file = SafetensorsFile::Open(path);
    ASSERT_TRUE(file.ok());
    EXPECT_EQ(*file->Format(9), factor == 1 ? 2u : 3u);
    EXPECT_EQ(file->metadata().contains("rope_original"), factor != 1);
    const auto read = ReadModelShape(path);
    ASSERT_TRUE(read.ok()) << read.status().message();
    EXPECT_EQ(*read, shape);
  }
}

TEST_F(ModelFiles, OfAFutureFormat_AreRefused) {
  ExpectRefused(WriteWith(kFormatKey, "4"), {"4", "3"});
  ExpectRefused(WriteWith(kFormatKey, "0"), {"0"});
}

constexpr size_t kStride = CLLM_SWEEP_DIVISOR | 1;  // through the bytes of a file

TEST_F(ModelFiles, CutAtAnyByte_IsRefused) {
  for (const TensorType type : {TensorType::kF32, TensorType::kQ8_0}) {
    const std::string content = Content(Write("a.safetensors", type));
    const std::string path = directory_ / "cut.safetensors";
    for (size_t size = 0; size < content.size(); size += (type == TensorType::kF32 ? 13 : 1) * kStride) {
      std::ofstream(path, std::ios::binary | std::ios::trunc) << content.substr(0, size);
      EXPECT_EQ(ReadModelShape(path).status().code(), Code::kBadInput) << size;
    }
  }
}

// Any change of a byte of the header is refused or gives a shape that the file holds, never more memory than that.
TEST_F(ModelFiles, FlippedHeader_IsRefusedOrRead) {
  std::string content = Content(Write("a.safetensors", TensorType::kQ8_0));
  const size_t end = content.find("}}") + 2, tensors = config_.layers * 6 + 2;
  const std::string path = directory_ / "flipped.safetensors";
  size_t refused = 0;
  for (size_t at = 0; at < end; at += kStride) {
    for (const int flip : {1, 2, 16}) {
      content[at] = static_cast<char>(content[at] ^ flip);
      std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
      content[at] = static_cast<char>(content[at] ^ flip);
      const auto shape = ReadModelShape(path);
      if (shape.ok()) {
        EXPECT_EQ(ParameterLayout(*shape).tensors().size(), tensors) << at;
        EXPECT_EQ(ParameterLayout(*shape).parameters(), parameters_.layout().parameters()) << at;
        continue;
      }
      EXPECT_EQ(shape.status().code(), Code::kBadInput) << at;
      ++refused;
    }
  }
  EXPECT_GT(refused, end / kStride) << "the changes must reach what is checked";
}

}  // namespace
}  // namespace cllm
