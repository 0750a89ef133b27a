#include "interop/gguf/gguf_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "interop/testing/gguf_bytes.h"

namespace cllm {
namespace {

class TextSink : public ByteSink {
 public:
  Status Append(ByteView bytes) override {
    text += AsText(bytes);
    return {};
  }
  std::string text;
};

std::string Written(GgufWriter&& writer) {
  const CheckpointFile file = std::move(writer).File("model.gguf");
  EXPECT_EQ(file.name, "model.gguf");
  TextSink sink;
  EXPECT_TRUE(file.write(sink).ok());
  EXPECT_EQ(sink.text.size(), file.bytes);
  return sink.text;
}

// Rows that hold one letter each.
TensorRows Letters(TensorType type, size_t rows, size_t columns, char first) {
  return {type, rows, columns, [first](size_t row, std::span<std::byte> out) {
            std::ranges::fill(out, static_cast<std::byte>(first + static_cast<char>(row)));
          }};
}

TEST(GgufWriter, EveryKindOfKey_LiesAsTheFormatSays) {
  GgufWriter writer;
  writer.Add("a.number", uint32_t{7});
  writer.Add("a.real", 0.5f);
  writer.AddFlag("a.flag", true);
  writer.AddText("a.text", "gr\xC3\xBC\xC3\x9F");
  writer.AddTexts("some.texts", std::vector<std::string>{"", "two"});
  writer.AddNumbers("some.numbers", std::vector<int32_t>{-1, 2});
  std::string expected = GgufBytes(
      {.keys = {GgufKey("a.number", 7), GgufKey("a.real", 6, LittleEndian(0.5f)), GgufKey("a.flag", 7, "\x01"),
                GgufKey("a.text", "gr\xC3\xBC\xC3\x9F"),
                GgufArray("some.texts", 8, 2, GgufString("") + GgufString("two")),
                GgufArray("some.numbers", 5, 2, LittleEndian(int32_t{-1}) + LittleEndian(int32_t{2}))}});
  expected.resize((expected.size() + 31) / 32 * 32);
  EXPECT_EQ(Written(std::move(writer)), expected);
}

// Each tensor begins at a multiple of 32 bytes after the head, and the file ends at one.
TEST(GgufWriter, Tensors_AreAligned_InnermostSizeFirst) {
  GgufWriter writer;
  writer.Add("k", uint32_t{1});
  writer.AddTensor("matrix", Letters(TensorType::kF32, 2, 3, 'a'));
  writer.AddTensor("vector", Letters(TensorType::kF16, 1, 8, 'x'));
  writer.AddTensor("blocks", Letters(TensorType::kQ8_0, 1, 32, 'q'));
  const std::string data = std::string(12, 'a') + std::string(12, 'b') + std::string(8, '\0') + std::string(16, 'x') +
                           std::string(16, '\0') + std::string(34, 'q') + std::string(30, '\0');
  EXPECT_EQ(Written(std::move(writer)),
            GgufBytes({.keys = {GgufKey("k", 1)},
                       .tensors = {GgufTensorEntry("matrix", {3, 2}, 0, 0), GgufTensorEntry("vector", {8}, 1, 32),
                                   GgufTensorEntry("blocks", {32}, 8, 64)},
                       .data = data}));
}

TEST(GgufWriter, FullDisk_IsAnError) {
  class Full : public ByteSink {
   public:
    Status Append(ByteView) override { return left_-- > 0 ? Status() : Failed("no space left"); }

   private:
    int left_ = 1;
  } full;
  GgufWriter writer;
  writer.AddTensor("matrix", Letters(TensorType::kF32, 2, 3, 'a'));
  EXPECT_EQ(std::move(writer).File("model.gguf").write(full).message(), "no space left");
}

}  // namespace
}  // namespace cllm
