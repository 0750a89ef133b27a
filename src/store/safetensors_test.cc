#include "store/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "base/random.h"
#include "base/testing/temporary_directory.h"

namespace cllm {
namespace {

using testing::HasSubstr;

class StringSink : public ByteSink {
 public:
  Status Append(ByteView bytes) override {
    text_ += AsText(bytes);
    return {};
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string Written(std::vector<TensorView> tensors, TensorMetadata metadata) {
  const SafetensorsWriter writer(std::move(tensors), std::move(metadata));
  StringSink sink;
  EXPECT_TRUE(writer.Write(sink).ok());
  EXPECT_EQ(sink.text().size(), writer.bytes());
  return sink.text();
}

// A file with the header given, its length in front and `buffer` zero bytes behind.
std::string FileOf(const std::string& header, size_t buffer) {
  const uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof length) + header + std::string(buffer, '\0');
}

Result<Safetensors> Parse(const std::string& file) { return ParseSafetensors(AsBytes(file), "m.safetensors"); }

void ExpectRefused(const std::string& file, const std::string& expected) {
  const Result<Safetensors> result = Parse(file);
  ASSERT_FALSE(result.ok()) << expected;
  EXPECT_EQ(result.status().code(), Code::kBadInput);
  EXPECT_THAT(result.status().message(), HasSubstr("m.safetensors: "));
  EXPECT_THAT(result.status().message(), HasSubstr(expected));
}

const std::vector<float> kFloats = {1.5f, -2.0f, 0.25f, 3e38f, -0.0f, 1e-45f};
const std::vector<int64_t> kIntegers = {-1, INT64_MAX};
const std::vector<double> kDoubles = {0.1};
const std::vector<uint8_t> kSmall = {7, 8, 9};

std::vector<TensorView> Tensors() {
  return {{"b", DType::kF32, {2, 3}, std::as_bytes(std::span(kFloats))},
          {"u", DType::kU8, {3}, std::as_bytes(std::span(kSmall))},
          {"a", DType::kF32, {6}, std::as_bytes(std::span(kFloats))},
          {"d", DType::kF64, {}, std::as_bytes(std::span(kDoubles))},
          {"nothing", DType::kF32, {0, 4}, {}},
          {"i", DType::kI64, {2}, std::as_bytes(std::span(kIntegers))}};
}

TEST(Safetensors, Write_GoldenBytes) {
  // Order and spelling as the format's reference implementation writes them.
  const std::string header = R"({"__metadata__":{"cllm_format":"1","format":"pt"},)"
                             R"("i":{"dtype":"I64","shape":[2],"data_offsets":[0,16]},)"
                             R"("d":{"dtype":"F64","shape":[],"data_offsets":[16,24]},)"
                             R"("a":{"dtype":"F32","shape":[6],"data_offsets":[24,48]},)"
                             R"("b":{"dtype":"F32","shape":[2,3],"data_offsets":[48,72]},)"
                             R"("nothing":{"dtype":"F32","shape":[0,4],"data_offsets":[72,72]},)"
                             R"("u":{"dtype":"U8","shape":[3],"data_offsets":[72,75]}})";
  const std::string file = Written(Tensors(), {{"cllm_format", "1"}});
  const size_t padded = (header.size() + 7) / 8 * 8;
  ASSERT_EQ(file.size(), 8 + padded + 75);
  EXPECT_EQ(file.substr(8, padded), header + std::string(padded - header.size(), ' '));
  EXPECT_EQ(static_cast<unsigned char>(file[0]) + 256u * static_cast<unsigned char>(file[1]), padded);
  EXPECT_EQ(std::memcmp(file.data() + 8 + padded, kIntegers.data(), 16), 0);
  EXPECT_EQ(file.substr(file.size() - 3), "\x07\x08\x09");
}

TEST(Safetensors, Write_OrderGiven_DoesNotMatter) {
  std::vector<TensorView> reversed = Tensors();
  std::reverse(reversed.begin(), reversed.end());
  EXPECT_EQ(Written(Tensors(), {{"x", "1"}}), Written(reversed, {{"x", "1"}}));
}

TEST(Safetensors, RoundTrip_EveryTensorAndMetadata) {
  const TemporaryDirectory folder;
  WriteText(folder / "m", Written(Tensors(), {{"name", "a \"b\" é\n"}}));
  Result<SafetensorsFile> opened = SafetensorsFile::Open(folder / "m");
  ASSERT_TRUE(opened.ok()) << opened.status().message();
  const SafetensorsFile file = *std::move(opened);
  EXPECT_EQ(file.metadata(), (TensorMetadata{{"format", "pt"}, {"name", "a \"b\" é\n"}}));
  EXPECT_EQ(file.tensors().size(), 6u);
  std::vector<float> floats(6);
  ASSERT_TRUE(file.Read("b", {2, 3}, std::span(floats)).ok());
  EXPECT_EQ(std::memcmp(floats.data(), kFloats.data(), 24), 0);
  std::vector<int64_t> integers(2);
  ASSERT_TRUE(file.Read("i", {2}, std::span(integers)).ok());
  EXPECT_EQ(integers, kIntegers);
  std::vector<double> doubles(1);
  ASSERT_TRUE(file.Read("d", {}, std::span(doubles)).ok());
  EXPECT_EQ(doubles, kDoubles);
  std::vector<uint8_t> small(3);
  ASSERT_TRUE(file.Read("u", {3}, std::span(small)).ok());
  EXPECT_EQ(small, kSmall);
  EXPECT_TRUE(file.Read("nothing", {0, 4}, std::span<float>()).ok());
  EXPECT_THAT(file.Read("a", {2, 3}, std::span(floats)).message(), HasSubstr("expected F32 [2, 3], found F32 [6]"));
  EXPECT_THAT(file.Read("a", {6}, std::span(doubles)).message(), HasSubstr("expected F64 [6], found F32 [6]"));
  EXPECT_THAT(file.Read("x", {1}, std::span(doubles)).message(), HasSubstr("the tensor 'x' is missing"));
  EXPECT_EQ(file.Find("x"), nullptr);
}

TEST(Safetensors, Parse_ReferenceFile_IsRead) {
  // What the reference implementation writes for an int32 matrix of zeros named "test".
  const std::string file = std::string("@\0\0\0\0\0\0\0", 8) +
                           R"({"test":{"dtype":"I32","shape":[2,2],"data_offsets":[0,16]}}    )" +
                           std::string(16, '\0');
  const Safetensors content = *Parse(file);
  ASSERT_EQ(content.tensors.size(), 1u);
  EXPECT_EQ(content.tensors[0].name, "test");
  EXPECT_EQ(content.tensors[0].dtype, DType::kI32);
  EXPECT_EQ(content.tensors[0].shape, (std::vector<uint64_t>{2, 2}));
  EXPECT_EQ(content.tensors[0].bytes.size(), 16u);
}

TEST(Safetensors, Open_MissingOrEmpty_IsBadInput) {
  const TemporaryDirectory folder;
  EXPECT_THAT(SafetensorsFile::Open(folder / "m").status().message(), HasSubstr("No such file"));
  WriteText(folder / "m", "");
  EXPECT_THAT(SafetensorsFile::Open(folder / "m").status().message(), HasSubstr("empty"));
}

TEST(Safetensors, Format_IsAWholeNumberUpToTheNewest) {
  const TemporaryDirectory folder;
  const auto format = [&](const TensorMetadata& metadata) -> Result<uint64_t> {
    CLLM_ASSIGN(const SafetensorsFile file, SafetensorsFile::Open(folder.Write("f", Written(Tensors(), metadata))));
    return file.Format(2);
  };
  EXPECT_EQ(*format({{kFormatKey, "1"}}), 1u);
  EXPECT_EQ(*format({{kFormatKey, "2"}}), 2u);
  EXPECT_THAT(format({{kFormatKey, "3"}}).status().message(), HasSubstr("newer program (format 3"));
  for (const char* wrong : {"0", "-1", "1.0", "one", ""}) {
    EXPECT_EQ(format({{kFormatKey, wrong}}).status().code(), Code::kBadInput) << wrong;
  }
  EXPECT_THAT(format({}).status().message(), HasSubstr("expected a format number"));
}

TEST(Safetensors, Parse_EveryTruncation_IsRefused) {
  const std::string file = Written(Tensors(), {});
  ASSERT_TRUE(Parse(file).ok());
  for (size_t size = 0; size < file.size(); ++size) {
    const std::string cut = file.substr(0, size);
    const Result<Safetensors> result = ParseSafetensors(AsBytes(cut), "m");
    ASSERT_FALSE(result.ok()) << size;
    EXPECT_EQ(result.status().code(), Code::kBadInput) << size;
  }
  ExpectRefused(file + '\0', "found 76 (damaged or cut?)");
}

// What a reader that believed a damaged header could do wrong: views outside the file.
void ExpectInside(const Safetensors& content, const std::string& file) {
  const auto* begin = reinterpret_cast<const std::byte*>(file.data());
  for (const TensorView& tensor : content.tensors) {
    EXPECT_GE(tensor.bytes.data(), begin);
    EXPECT_LE(tensor.bytes.data() + tensor.bytes.size(), begin + file.size());
    uint64_t size = DTypeBytes(tensor.dtype);
    for (uint64_t dimension : tensor.shape) size *= dimension;
    EXPECT_EQ(size, tensor.bytes.size());
  }
}

TEST(Safetensors, Parse_EveryBitFlipInTheHeader_IsRefusedOrConsistent) {
  std::string file = Written(Tensors(), {{"cllm_format", "1"}});
  const size_t header_end = file.size() - 75;
  size_t refused = 0;
  for (size_t bit = 0; bit < header_end * 8; ++bit) {
    file[bit / 8] = static_cast<char>(file[bit / 8] ^ (1 << bit % 8));
    const Result<Safetensors> result = Parse(file);
    if (result.ok()) ExpectInside(*result, file);
    refused += !result.ok();
    file[bit / 8] = static_cast<char>(file[bit / 8] ^ (1 << bit % 8));
  }
  EXPECT_GT(refused, header_end * 8 / 2) << "flips in names and metadata are left to the manifest's hash";
}

TEST(Safetensors, Parse_ManyRandomEdits_AreRefusedOrConsistent) {
  const std::string original = Written(Tensors(), {{"cllm_format", "1"}});
  const std::string pieces = "{}[]\",:0123456789-eE. \\un";
  size_t refused = 0;
  for (uint64_t trial = 0; trial < 20000 / CLLM_SWEEP_DIVISOR; ++trial) {
    std::string file = original;
    const uint64_t edits = 1 + RandomBits(trial, 0) % 4;
    for (uint64_t e = 0; e < edits; ++e) {
      const size_t at = 8 + RandomBits(trial, 3 * e + 1) % (file.size() - 83);
      const char piece = pieces[RandomBits(trial, 3 * e + 2) % pieces.size()];
      const uint64_t kind = RandomBits(trial, 3 * e + 3) % 3;
      if (kind == 0) file[at] = piece;
      if (kind == 1) file.insert(at, 1, piece);
      if (kind == 2) file.erase(at, 1);
    }
    const uint64_t length = file.size() - 83;
    std::memcpy(file.data(), &length, sizeof length);
    const Result<Safetensors> result = Parse(file);
    if (result.ok()) ExpectInside(*result, file);
    refused += !result.ok();
  }
  EXPECT_GT(refused, 10000u / CLLM_SWEEP_DIVISOR);
}

// Class of attack: HEADER_EMPTY.
TEST(Safetensors, Parse_NoOrEmptyHeader_IsRefused) {
  ExpectRefused("", "found 0 bytes");
  ExpectRefused("1234567", "found 7 bytes");
  ExpectRefused(FileOf("", 0), "starts with '{'");
  ExpectRefused(FileOf("  ", 0), "starts with '{'");
}

// Class of attack: HeaderTooLarge.
TEST(Safetensors, Parse_HeaderLargerThanTheFile_IsRefused) {
  std::string file = FileOf("{}", 0);
  for (const uint64_t length : {uint64_t{3}, kMaxSafetensorsHeader, kMaxSafetensorsHeader + 1, uint64_t{1} << 32,
                                UINT64_MAX - 8, UINT64_MAX - 7, UINT64_MAX}) {
    std::memcpy(file.data(), &length, sizeof length);
    ExpectRefused(file, "at most 2 bytes, found one of " + std::to_string(length));
  }
}

TEST(Safetensors, Parse_HeaderThatIsNotJson_IsRefused) {
  ExpectRefused(FileOf("{", 0), "ends with '}'");
  ExpectRefused(FileOf("{}}", 0), "JSON text at byte");
  ExpectRefused(FileOf("{}\n", 0), "ends with '}'");
  ExpectRefused(FileOf(" {}", 0), "starts with '{'");
  ExpectRefused(FileOf("\xef\xbb\xbf{}", 0), "starts with '{'");
  ExpectRefused(FileOf("[]", 0), "starts with '{'");
  ExpectRefused(FileOf("{\"a\":}", 0), "JSON text at byte");
  ExpectRefused(FileOf("{/**/}", 0), "JSON text at byte");
}

TEST(Safetensors, Parse_HeaderThatIsNotUtf8_IsRefused) {
  ExpectRefused(FileOf("{\"\xff\":{}}", 0), "JSON text at byte");
}

TEST(Safetensors, Parse_NoTensors_IsRead) {
  EXPECT_TRUE(Parse(FileOf("{}", 0)).ok());
  EXPECT_TRUE(Parse(FileOf("{}      ", 0)).ok());
  EXPECT_EQ(Parse(FileOf(R"({"__metadata__":{"a":"b"}})", 0))->metadata.at("a"), "b");
}

TEST(Safetensors, Parse_NestingOrWrongKinds_AreRefused) {
  const std::string deep(1'000'000, '[');
  ExpectRefused(FileOf("{\"a\":" + deep + "}", 0), "an array as a tensor");
  ExpectRefused(FileOf(R"({"a":{"shape":)" + deep + "}}", 0), "an array as a shape");
  std::string objects;
  for (int i = 0; i < 100000; ++i) objects += "{\"a\":";
  ExpectRefused(FileOf(objects + "}", 0), "the unknown field 'a' in tensor 'a'");
  ExpectRefused(FileOf(R"({"a":null})", 0), "null as a tensor");
  ExpectRefused(FileOf(R"({"a":true})", 0), "true or false as a tensor");
  ExpectRefused(FileOf(R"({"a":"x"})", 0), "the text 'x' as a tensor");
  ExpectRefused(FileOf(R"({"__metadata__":"x"})", 0), "the text 'x' in __metadata__");
  ExpectRefused(FileOf(R"({"__metadata__":{"a":1}})", 0), "1 in __metadata__");
  ExpectRefused(FileOf(R"({"__metadata__":{"a":{}}})", 0), "an object in __metadata__");
  ExpectRefused(FileOf(R"({"__metadata__":{"a":[]}})", 0), "an array in __metadata__");
}

std::string Entry(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return R"({"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

std::string OneTensor(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return "{\"t\":" + Entry(dtype, shape, offsets) + "}";
}

// Class of attack: MetadataIncompleteBuffer.
TEST(Safetensors, Parse_BytesMissingOrLeft_AreRefused) {
  ExpectRefused(FileOf(OneTensor("F32", "[2,2]", "[0,16]"), 20), "expected 16 bytes of tensors, found 20");
  ExpectRefused(FileOf(OneTensor("F32", "[2,2]", "[0,16]"), 15), "end by 15, found 0 to 16");
  ExpectRefused(FileOf("{}", 1), "expected 0 bytes of tensors, found 1");
}

// Class of attack: BAD_SHAPE.
TEST(Safetensors, Parse_WrongShape_IsRefused) {
  ExpectRefused(FileOf(OneTensor("F32", "[-1,4]", "[0,16]"), 16), "-1 as a shape");
  ExpectRefused(FileOf(OneTensor("F32", "[4.0]", "[0,16]"), 16), "4.0 as a shape");
  ExpectRefused(FileOf(OneTensor("F32", "4", "[0,16]"), 16), "4 as a shape");
  ExpectRefused(FileOf(OneTensor("F32", "[\"4\"]", "[0,16]"), 16), "the text '4' as a shape");
  ExpectRefused(FileOf(OneTensor("F32", "[[4]]", "[0,16]"), 16), "an array as a shape");
  ExpectRefused(FileOf(OneTensor("F32", "[18446744073709551616]", "[0,16]"), 16), "as a shape");
  ExpectRefused(FileOf(OneTensor("F32", "[3]", "[0,16]"), 16), "expected 12 bytes for F32 [3], found 16");
}

// Class of attack: BAD_N_DIMS.
TEST(Safetensors, Parse_TooManyDimensions_AreRefused) {
  ExpectRefused(FileOf(OneTensor("F32", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,4]", "[0,16]"), 16), "more than 16 dim");
  EXPECT_TRUE(Parse(FileOf(OneTensor("F32", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,4]", "[0,16]"), 16)).ok());
}

TEST(Safetensors, Parse_EmptyTensorAndScalar_AreRead) {
  EXPECT_TRUE(Parse(FileOf(OneTensor("F32", "[0]", "[0,0]"), 0)).ok());
  EXPECT_TRUE(Parse(FileOf(OneTensor("F32", "[2,0,3]", "[0,0]"), 0)).ok());
  EXPECT_TRUE(Parse(FileOf(OneTensor("F32", "[]", "[0,4]"), 4)).ok());
}

// Class of attack: NE_TOO_BIG.
TEST(Safetensors, Parse_ProductOfDimensionsWraps_IsRefused) {
  ExpectRefused(FileOf(OneTensor("F32", "[4294967296,4294967296]", "[0,0]"), 0), "exceeds 64 bits");
  ExpectRefused(FileOf(OneTensor("F32", "[18446744073709551615,18446744073709551615]", "[0,4]"), 4), "exceeds 64 bits");
  ExpectRefused(FileOf(OneTensor("F32", "[9223372036854775808,2,0]", "[0,0]"), 0), "exceeds 64 bits");
}

// Class of attack: NBYTES_TOO_BIG.
TEST(Safetensors, Parse_BytesOfATensorWrap_IsRefused) {
  ExpectRefused(FileOf(OneTensor("F32", "[4611686018427387904]", "[0,0]"), 0), "exceeds 64 bits");
  ExpectRefused(FileOf(OneTensor("I64", "[2305843009213693953]", "[0,8]"), 8), "exceeds 64 bits");
}

// Class of attack: NOT_ENOUGH_DATA.
TEST(Safetensors, Parse_ShapeLargerThanTheFile_IsRefused) {
  ExpectRefused(FileOf(OneTensor("F32", "[1000000000]", "[0,4000000000]"), 16), "end by 16, found 0 to 4000000000");
}

// Class of attack: BAD_OFFSET.
TEST(Safetensors, Parse_WrongOffsets_AreRefused) {
  ExpectRefused(FileOf(OneTensor("F32", "[4]", "[-16,0]"), 16), "-16 as data_offsets");
  ExpectRefused(FileOf(OneTensor("F32", "[4]", "[16,0]"), 16), "found 16 to 0");
  ExpectRefused(FileOf(OneTensor("F32", "[4]", "[0]"), 16), "1 data_offsets instead of 2");
  ExpectRefused(FileOf(OneTensor("F32", "[4]", "[]"), 16), "0 data_offsets instead of 2");
  ExpectRefused(FileOf(OneTensor("F32", "[4]", "[0,16,32]"), 16), "more than 2 data_offsets");
  ExpectRefused(FileOf(OneTensor("F32", "[4]", "[0,1.6e1]"), 16), "1.6e1 as data_offsets");
  ExpectRefused(FileOf(OneTensor("F32", "[4]", "[18446744073709551600,18446744073709551615]"), 16), "found 184467");
  ExpectRefused(FileOf(OneTensor("F32", "[4]", "[4,20]"), 20), "start at 0");
}

// Class of attack: memory bomb.
TEST(Safetensors, Parse_OverlappingTensors_AreRefused) {
  const std::string entry = Entry("F32", "[4]", "[0,16]");
  ExpectRefused(FileOf("{\"a\":" + entry + ",\"b\":" + entry + "}", 16),
                "tensor 'b': expected its bytes to start at 16");
  ExpectRefused(FileOf("{\"a\":" + entry + ",\"b\":" + Entry("F32", "[4]", "[12,28]") + "}", 28), "start at 16");
}

TEST(Safetensors, Parse_HoleBetweenTensors_IsRefused) {
  ExpectRefused(FileOf("{\"a\":" + Entry("F32", "[1]", "[0,4]") + ",\"b\":" + Entry("F32", "[1]", "[8,12]") + "}", 12),
                "tensor 'b': expected its bytes to start at 4");
}

TEST(Safetensors, Parse_OrderInTheHeader_DoesNotMatter) {
  const auto content =
      *Parse(FileOf("{\"b\":" + Entry("F32", "[1]", "[4,8]") + ",\"a\":" + Entry("F32", "[1]", "[0,4]") + "}", 8));
  EXPECT_EQ(content.tensors[0].name, "a");
}

// Class of attack: DUPLICATE_NAME.
TEST(Safetensors, Parse_TensorTwice_IsRefused) {
  const std::string entry = Entry("F32", "[0]", "[0,0]");
  ExpectRefused(FileOf("{\"a\":" + entry + ",\"a\":" + entry + "}", 0), "the tensor name 'a' twice");
  ExpectRefused(FileOf(R"({"__metadata__":{},"__metadata__":{}})", 0), "__metadata__ twice");
}

// Class of attack: DUPLICATE_KEY.
TEST(Safetensors, Parse_FieldTwice_IsRefused) {
  ExpectRefused(FileOf(R"({"__metadata__":{"a":"b","a":"b"}})", 0), "the metadata name 'a' twice");
  ExpectRefused(FileOf(R"({"a":{"dtype":"F32","dtype":"F32","shape":[0],"data_offsets":[0,0]}})", 0), "'dtype' twice");
  ExpectRefused(FileOf(R"({"a":{"dtype":"F32","shape":[0],"shape":[0],"data_offsets":[0,0]}})", 0), "'shape' twice");
}

// Class of attack: BAD_NAME_SIZE.
TEST(Safetensors, Parse_NameTooLongOrEmpty_IsRefused) {
  const std::string entry = Entry("F32", "[0]", "[0,0]");
  ExpectRefused(FileOf("{\"" + std::string(1025, 'a') + "\":" + entry + "}", 0), "1025 bytes, more than 1024");
  ExpectRefused(FileOf("{\"\":" + entry + "}", 0), "without a name");
  EXPECT_TRUE(Parse(FileOf("{\"" + std::string(1024, 'a') + "\":" + entry + "}", 0)).ok());
}

// Class of attack: BAD_TYPE.
TEST(Safetensors, Parse_UnknownType_IsRefused) {
  ExpectRefused(FileOf(OneTensor("F33", "[4]", "[0,16]"), 16), "unknown dtype 'F33'");
  ExpectRefused(FileOf(OneTensor("f32", "[4]", "[0,16]"), 16), "unknown dtype 'f32'");
  ExpectRefused(FileOf(R"({"t":{"dtype":1,"shape":[4],"data_offsets":[0,16]}})", 16), "1 as a dtype");
  ExpectRefused(FileOf(R"({"t":{"dtype":{},"shape":[4],"data_offsets":[0,16]}})", 16), "an object as a dtype");
}

TEST(Safetensors, Parse_MissingOrUnknownField_IsRefused) {
  ExpectRefused(FileOf(R"({"t":{"dtype":"F32","shape":[4]}})", 16), "without dtype, shape or data_offsets");
  ExpectRefused(FileOf(R"({"t":{}})", 16), "without dtype, shape or data_offsets");
  ExpectRefused(FileOf(R"({"t":{"size":4}})", 16), "the unknown field 'size'");
}

// Class of attack: BAD_N_TENSORS.
TEST(Safetensors, Parse_TooManyTensors_AreRefused) {
  std::string header = "{";
  for (size_t i = 0; i <= kMaxTensors; ++i) {
    header += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":" + Entry("U8", "[0]", "[0,0]");
  }
  ExpectRefused(FileOf(header + "}", 0), "more than 100000 tensors");
}

TEST(Safetensors, DTypes_NamesAndSizes) {
  const std::vector<std::pair<DType, size_t>> sizes = {{DType::kBool, 1}, {DType::kBF16, 2}, {DType::kF16, 2},
                                                       {DType::kI32, 4},  {DType::kF64, 8},  {DType::kU64, 8}};
  for (const auto& [dtype, size] : sizes) EXPECT_EQ(DTypeBytes(dtype), size) << DTypeName(dtype);
  const std::vector<std::byte> bytes(8);
  for (int i = 0; i <= static_cast<int>(DType::kU64); ++i) {
    const auto dtype = static_cast<DType>(i);
    const std::string file = Written({{"t", dtype, {}, ByteView(bytes).first(DTypeBytes(dtype))}}, {});
    EXPECT_EQ(Parse(file)->tensors[0].dtype, dtype) << DTypeName(dtype);
  }
}

}  // namespace
}  // namespace cllm
