#include "interop/gguf/gguf_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/testing/temporary_directory.h"
#include "interop/testing/gguf_bytes.h"

// The cases are named after llama.cpp's own fixtures and the faults that its readers had (docs/export.md).
namespace cllm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr uint64_t kHuge = std::numeric_limits<uint64_t>::max();
constexpr uint32_t kF32 = 0, kF16 = 1, kQ4 = 2, kQ8 = 8;

// Two tensors: a matrix of 2 rows of 3 and a vector of 8.
GgufParts Good() {
  return {.keys = {GgufKey("general.architecture", "llama"), GgufKey("answer", 42)},
          .tensors = {GgufTensorEntry("a", {3, 2}, kF32, 0), GgufTensorEntry("b", {8}, kF16, 32)},
          .data = std::string(24, 'a') + std::string(8, '\0') + std::string(16, 'b') + std::string(16, '\0')};
}

Result<Gguf> Parsed(const std::string& bytes) { return Gguf::Parse(AsBytes(bytes), "file"); }

std::string FaultOfBytes(const std::string& bytes) {
  const Result<Gguf> file = Parsed(bytes);
  if (file.ok()) return "accepted";
  EXPECT_EQ(file.status().code(), Code::kBadInput);
  EXPECT_THAT(file.status().message(), testing::StartsWith("file: "));
  return file.status().message();
}
std::string Fault(const GgufParts& parts) { return FaultOfBytes(GgufBytes(parts)); }

std::string FaultOfTensor(const std::string& entry, const std::string& data = std::string(64, 'x')) {
  return Fault({.tensors = {entry}, .data = data});
}

std::string FaultOfKey(const std::string& key) { return Fault({.keys = {key}}); }

TEST(Gguf, File_IsReadAsItLies) {
  const std::string bytes = GgufBytes(Good());
  const Result<Gguf> file = Parsed(bytes);
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(*file->Text("general.architecture"), "llama");
  EXPECT_EQ(*file->Unsigned("answer"), 42u);
  ASSERT_EQ(file->tensors().size(), 2u);
  const GgufTensor *a = file->FindTensor("a"), *b = file->FindTensor("b");
  ASSERT_NE(a, nullptr);
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(a->rows, 2u);
  EXPECT_EQ(a->columns, 3u);
  EXPECT_EQ(AsText(a->bytes), std::string(24, 'a'));
  EXPECT_EQ(b->rows, 1u);
  EXPECT_EQ(AsText(b->bytes), std::string(16, 'b'));
  EXPECT_EQ(file->FindTensor("c"), nullptr);
}

TEST(Gguf, LastTensor_MayLackItsPadding) {
  GgufParts parts = Good();
  parts.data.resize(parts.data.size() - 16);
  EXPECT_TRUE(Parsed(GgufBytes(parts)).ok());
}

TEST(Gguf, EveryCut_IsRefused) {
  const std::string bytes = GgufBytes(Good());
  for (size_t size = 0; size + 16 < bytes.size(); ++size)
    EXPECT_NE(FaultOfBytes(bytes.substr(0, size)), "accepted") << size;
}

TEST(Gguf, BadMagic) {
  EXPECT_THAT(Fault({.magic = "GGML"}), HasSubstr("expected a GGUF file"));
  EXPECT_THAT(FaultOfBytes(""), HasSubstr("expected a GGUF file"));
  EXPECT_THAT(FaultOfBytes("GG"), HasSubstr("expected a GGUF file"));
}

TEST(Gguf, BadVersion) {
  for (const uint32_t version : {0u, 1u, 2u, 4u, 999u}) {
    EXPECT_THAT(Fault({.version = version}), HasSubstr("expected 3"));
  }
  EXPECT_THAT(Fault({.version = 0x03000000}), HasSubstr("big-endian"));
}

TEST(Gguf, HeaderEmpty) { EXPECT_THAT(FaultOfBytes("GGUF" + LittleEndian(3u)), HasSubstr("ends within")); }

TEST(Gguf, BadCounts) {
  for (const int64_t more : {int64_t{1} << 32, int64_t{1} << 40, int64_t{-1}, std::numeric_limits<int64_t>::max()}) {
    EXPECT_THAT(Fault({.more_keys = more}), HasSubstr("expected at most"));
    EXPECT_THAT(Fault({.more_tensors = more}), HasSubstr("expected at most"));
  }
  EXPECT_THAT(Fault({.keys = {GgufKey("a", 1)}, .more_keys = 1}), HasSubstr("ends within"));
}

TEST(Gguf, BadKeys) {
  EXPECT_THAT(FaultOfKey(LittleEndian(kHuge) + "key"), HasSubstr("expected at most"));
  EXPECT_THAT(FaultOfKey(LittleEndian<uint64_t>(1000) + "key" + std::string(10, 'x')), HasSubstr("ends within"));
  EXPECT_THAT(FaultOfKey(GgufKey("", 7)), HasSubstr("empty"));
  EXPECT_THAT(Fault({.keys = {GgufKey("twice", 7), GgufKey("twice", 7)}}), HasSubstr("'twice' is there twice"));
}

TEST(Gguf, BadValues) {
  EXPECT_THAT(FaultOfKey(GgufKey("k", 13, "xxxx")), HasSubstr("type 13"));
  EXPECT_THAT(FaultOfKey(GgufKey("k", kHuge >> 32, "xxxx")), HasSubstr("type 4294967295"));
  EXPECT_THAT(FaultOfKey(GgufKey("k", 8, LittleEndian(kHuge) + "text")), HasSubstr("expected at most"));
  EXPECT_THAT(FaultOfKey(GgufKey("k", 8, LittleEndian<uint64_t>(500) + "text")), HasSubstr("ends within"));
  EXPECT_THAT(FaultOfKey(GgufKey("k", 7, "\x02")), HasSubstr("neither false"));
  for (const uint64_t count : {kHuge, kHuge / 4 + 2, uint64_t{1} << 31}) {
    EXPECT_THAT(FaultOfKey(GgufArray("k", 4, count, "12345678")), HasSubstr("expected at most"));
    EXPECT_THAT(FaultOfKey(GgufArray("k", 8, count, "12345678")), HasSubstr("expected at most"));
  }
  EXPECT_THAT(FaultOfKey(GgufArray("k", 4, 100, "12345678")), HasSubstr("ends within"));
  EXPECT_THAT(FaultOfKey(GgufArray("k", 9, 1, GgufArray("", 9, 1, "").substr(12))), HasSubstr("array of arrays"));
}

TEST(Gguf, BadAlignment) {
  for (const uint32_t alignment : {0u, 13u, 33u, 0x80000000u, 1u << 21}) {
    EXPECT_THAT(FaultOfKey(GgufKey("general.alignment", alignment)), HasSubstr("power of two")) << alignment;
  }
  EXPECT_THAT(FaultOfKey(GgufKey("general.alignment", 5, LittleEndian(int32_t{32}))), HasSubstr("type 5"));
  EXPECT_THAT(FaultOfKey(GgufKey("general.alignment", "32")), HasSubstr("type 8"));
  EXPECT_THAT(FaultOfKey(GgufKey("general.alignment", 10, LittleEndian(uint64_t{32}))), HasSubstr("type 10"));
}

TEST(Gguf, OtherAlignment_PlacesTensors) {
  GgufParts parts = Good();
  parts.keys.push_back(GgufKey("general.alignment", 64));
  EXPECT_THAT(Fault(parts), HasSubstr("begins at 32, expected 64"));
  parts.alignment = 64;
  parts.tensors = {GgufTensorEntry("a", {3, 2}, kF32, 0), GgufTensorEntry("b", {8}, kF16, 64)};
  parts.data = std::string(64, 'a') + std::string(64, 'b');
  const std::string bytes = GgufBytes(parts);
  const Result<Gguf> file = Parsed(bytes);
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(AsText(file->FindTensor("b")->bytes), std::string(16, 'b'));
}

TEST(Gguf, BadTensorNames) {
  EXPECT_THAT(FaultOfTensor(GgufTensorEntry(std::string(64, 'n'), {8}, kF32, 0)), HasSubstr("expected at most 63"));
  EXPECT_THAT(FaultOfTensor(LittleEndian(kHuge) + std::string(40, 'n')), HasSubstr("expected at most"));
  EXPECT_THAT(Fault({.tensors = {GgufTensorEntry("a", {8}, kF32, 0), GgufTensorEntry("a", {8}, kF32, 32)},
                     .data = std::string(64, 'x')}),
              HasSubstr("'a' is there twice"));
}

TEST(Gguf, BadDimensions) {
  EXPECT_THAT(FaultOfTensor(GgufTensorEntry("a", {}, kF32, 0)), HasSubstr("0 dimensions"));
  EXPECT_THAT(FaultOfTensor(GgufTensorEntry("a", {1, 1, 1, 1, 1}, kF32, 0)), HasSubstr("5 dimensions"));
  EXPECT_THAT(FaultOfTensor(GgufTensorEntry("a", {2, 2, 2}, kF32, 0)), HasSubstr("expected 2"));
  EXPECT_THAT(FaultOfTensor(GgufTensorEntry("a", {0, 2}, kF32, 0)), HasSubstr("size 0"));
  EXPECT_THAT(FaultOfTensor(GgufTensorEntry("a", {kHuge, 2}, kF32, 0)), HasSubstr("expected 1 to"));
}

TEST(Gguf, SizesThatWrap) {
  const uint64_t wrap = uint64_t{1} << 32;  // times itself, and times four bytes, is 0 in 64 bits
  EXPECT_THAT(FaultOfTensor(GgufTensorEntry("a", {wrap, wrap}, kF32, 0)), HasSubstr("larger than the file"));
  EXPECT_THAT(FaultOfTensor(GgufTensorEntry("a", {wrap, wrap / 4}, kF32, 0)), HasSubstr("larger than the file"));
  EXPECT_THAT(FaultOfTensor(GgufTensorEntry("a", {wrap, wrap}, kQ8, 0)), HasSubstr("larger than the file"));
  EXPECT_THAT(FaultOfTensor(GgufTensorEntry("a", {wrap, 1u << 31}, kQ4, 0)), HasSubstr("larger than the file"));
}

TEST(Gguf, BlocksThatAreNotWhole) {
  EXPECT_THAT(FaultOfTensor(GgufTensorEntry("a", {33, 1}, kQ8, 0)), HasSubstr("multiple of 32"));
  EXPECT_THAT(FaultOfTensor(GgufTensorEntry("a", {16, 2}, kQ4, 0)), HasSubstr("multiple of 32"));
  EXPECT_THAT(FaultOfTensor(GgufTensorEntry("a", {172, 1}, kQ8, 0)), HasSubstr("multiple of 32"));
}

TEST(Gguf, UnknownTypes_AreNamed) {
  EXPECT_THAT(FaultOfTensor(GgufTensorEntry("a", {32}, 12, 0)), HasSubstr("12 (Q4_K)"));
  EXPECT_THAT(FaultOfTensor(GgufTensorEntry("a", {32}, 14, 0)), HasSubstr("14 (Q6_K)"));
  EXPECT_THAT(FaultOfTensor(GgufTensorEntry("a", {32}, 4000, 0)), HasSubstr("type 4000"));
}

TEST(Gguf, BadOffsets) {
  EXPECT_THAT(FaultOfTensor(GgufTensorEntry("a", {8}, kF32, 1)), HasSubstr("begins at 1, expected 0"));
  EXPECT_THAT(FaultOfTensor(GgufTensorEntry("a", {8}, kF32, kHuge - 31)), HasSubstr("expected 0"));
  // Over one another, as a bomb: many claims on the same bytes.
  EXPECT_THAT(Fault({.tensors = {GgufTensorEntry("a", {8}, kF32, 0), GgufTensorEntry("b", {8}, kF32, 0)},
                     .data = std::string(64, 'x')}),
              HasSubstr("begins at 0, expected 32"));
}

TEST(Gguf, NotEnoughData_AndTooMuch) {
  EXPECT_THAT(FaultOfTensor(GgufTensorEntry("a", {16}, kF32, 0), std::string(63, 'x')),
              HasSubstr("behind the file's end"));
  EXPECT_THAT(FaultOfTensor(GgufTensorEntry("a", {8}, kF32, 0), std::string(33, 'x')), HasSubstr("follow the last"));
}

TEST(Gguf, Getters_SayWhatIsWrong) {
  const std::string bytes =
      GgufBytes({.keys = {GgufKey("text", "words"), GgufKey("minus", 5, LittleEndian(int32_t{-3})),
                          GgufKey("long", 10, LittleEndian(kHuge)), GgufKey("small", 0, "\x07"),
                          GgufKey("real", 6, LittleEndian(1e-5f)), GgufKey("yes", 7, "\x01"),
                          GgufArray("numbers", 3, 2, LittleEndian(int16_t{-1}) + LittleEndian(int16_t{5})),
                          GgufArray("texts", 8, 2, GgufString("one") + GgufString("")), GgufArray("none", 4, 0, "")}});
  const Result<Gguf> file = Parsed(bytes);
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(*file->Unsigned("small"), 7u);
  EXPECT_EQ(*file->Real("real"), 1e-5);  // not 9.99999974e-06
  EXPECT_TRUE(*file->Flag("yes"));
  EXPECT_THAT(*file->Numbers("numbers", 2), ElementsAre(-1, 5));
  EXPECT_THAT(*file->Texts("texts", 2), ElementsAre("one", ""));
  EXPECT_TRUE(file->Texts("none", 2)->empty());
  EXPECT_THAT(file->Unsigned("minus").status().message(), HasSubstr("'minus' is not a whole number"));
  EXPECT_THAT(file->Unsigned("long").status().message(), HasSubstr("'long'"));
  EXPECT_THAT(file->Unsigned("text").status().message(), HasSubstr("'text'"));
  EXPECT_THAT(file->Unsigned("numbers").status().message(), HasSubstr("'numbers'"));
  EXPECT_THAT(file->Unsigned("absent").status().message(), HasSubstr("'absent' is missing"));
  EXPECT_THAT(file->Text("yes").status().message(), HasSubstr("not a text"));
  EXPECT_THAT(file->Flag("small").status().message(), HasSubstr("true or false"));
  EXPECT_THAT(file->Real("small").status().message(), HasSubstr("real number"));
  EXPECT_THAT(file->Texts("numbers", 2).status().message(), HasSubstr("array of texts"));
  EXPECT_THAT(file->Numbers("texts", 2).status().message(), HasSubstr("whole numbers"));
  EXPECT_THAT(file->Texts("texts", 1).status().message(), HasSubstr("expected at most 1"));
  EXPECT_THAT(file->Texts("text", 1).status().message(), HasSubstr("not an array"));
}

TEST(GgufFile, OpensAFile_AndKeepsItsViews) {
  const TemporaryDirectory folder;
  WriteText(folder / "a.gguf", GgufBytes(Good()));
  Result<GgufFile> opened = GgufFile::Open(folder / "a.gguf");
  ASSERT_TRUE(opened.ok()) << opened.status().message();
  const GgufFile file = *std::move(opened);
  EXPECT_EQ(AsText(file.content().FindTensor("b")->bytes), std::string(16, 'b'));
  EXPECT_FALSE(GgufFile::Open(folder / "no.gguf").ok());
}

}  // namespace
}  // namespace cllm
