#include "corpus/decompress.h"

#include <gtest/gtest.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <functional>
#include <string>

#include "corpus/testing/text_fixture.h"

namespace cllm {
namespace {

std::string Gzip(std::string_view text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(text.size() + 1024, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string Xz(std::string_view text, uint32_t preset = 1) {
  std::string out(text.size() + 4096, '\0');
  size_t size = 0;
  EXPECT_EQ(lzma_easy_buffer_encode(preset, LZMA_CHECK_CRC64, nullptr, reinterpret_cast<const uint8_t*>(text.data()),
                                    text.size(), reinterpret_cast<uint8_t*>(out.data()), &size, out.size()),
            LZMA_OK);
  out.resize(size);
  return out;
}

std::string Zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  const size_t size = ZSTD_compress2(context, out.data(), out.size(), text.data(), text.size());
  ZSTD_freeCCtx(context);
  EXPECT_FALSE(ZSTD_isError(size));
  out.resize(size);
  return out;
}

// A source that hands out at most `step` bytes at a time.
class StringSource : public ByteSource {
 public:
  StringSource(std::string bytes, size_t step) : bytes_(std::move(bytes)), step_(step) {}
  Result<size_t> Read(std::span<char> out) override {
    const size_t count = std::min({step_, out.size(), bytes_.size() - position_});
    std::copy_n(bytes_.data() + position_, count, out.data());
    position_ += count;
    return count;
  }

 private:
  std::string bytes_;
  size_t step_;
  size_t position_ = 0;
};

using Decompressor = std::function<std::unique_ptr<ByteSource>(std::unique_ptr<ByteSource>, std::string)>;

Result<std::string> ReadAll(const Decompressor& decompress, const std::string& bytes, size_t in_step, size_t out_step) {
  const std::unique_ptr<ByteSource> source = decompress(std::make_unique<StringSource>(bytes, in_step), "file.z");
  std::string text, block(out_step, '\0');
  while (true) {
    CLLM_ASSIGN(const size_t count, source->Read(block));
    if (count == 0) return text;
    text.append(block, 0, count);
  }
}

struct Format {
  const char* name;
  Decompressor decompress;
  std::function<std::string(std::string_view)> compress;
};

class Decompress : public testing::TestWithParam<Format> {};

TEST_P(Decompress, RoundTrip_ForAnySizesOfReading) {
  const std::string text = SampleText(70000, 5);
  const std::string bytes = GetParam().compress(text);
  for (const size_t in_step : {size_t{1}, size_t{1000}, bytes.size()}) {
    for (const size_t out_step : {size_t{1}, size_t{777}, size_t{1} << 20}) {
      if (in_step * out_step == 1) continue;
      const Result<std::string> read = ReadAll(GetParam().decompress, bytes, in_step, out_step);
      ASSERT_TRUE(read.ok()) << read.status().message();
      EXPECT_EQ(*read, text);
    }
  }
}

TEST_P(Decompress, SeveralMembers_AreOneStream) {
  const std::string bytes = GetParam().compress("one ") + GetParam().compress("") + GetParam().compress("two");
  const Result<std::string> read = ReadAll(GetParam().decompress, bytes, 5, 64);
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(*read, "one two");
}

TEST_P(Decompress, HighlyCompressed_ComesOutInFull) {
  const std::string text(3'000'000, 'a');
  const Result<std::string> read = ReadAll(GetParam().decompress, GetParam().compress(text), 1 << 16, 100);
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->size(), text.size());
  EXPECT_EQ(read->find_first_not_of('a'), std::string::npos);
}

TEST_P(Decompress, CutAtAnyByte_IsAnErrorThatSaysSo) {
  const std::string bytes = GetParam().compress(SampleText(400, 6));
  for (size_t size = 0; size < bytes.size(); ++size) {
    const Result<std::string> read = ReadAll(GetParam().decompress, bytes.substr(0, size), 64, 100);
    ASSERT_FALSE(read.ok()) << size;
    ExpectError(read.status(), Code::kBadInput, {"file.z", "middle"});
  }
}

TEST_P(Decompress, AnyFlippedByte_IsNeverWrongText) {
  const std::string text = SampleText(400, 7);
  const std::string bytes = GetParam().compress(text);
  size_t refused = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x55);
    const Result<std::string> read = ReadAll(GetParam().decompress, damaged, 64, 100);
    if (!read.ok()) ExpectError(read.status(), Code::kBadInput, {"file.z"});
    // Bytes of a header that say nothing about the text (a time, the system) may change.
    EXPECT_TRUE(!read.ok() || *read == text) << i;
    refused += read.ok() ? 0 : 1;
  }
  EXPECT_GE(refused + 8, bytes.size());
}

TEST_P(Decompress, PlainText_IsDamage) {
  ExpectError(ReadAll(GetParam().decompress, "this is not a compressed file at all", 64, 64).status(), Code::kBadInput,
              {"file.z", "damaged"});
}

TEST_P(Decompress, TrailingText_IsDamage) {
  const std::string bytes = GetParam().compress("text") + "something that follows";
  ExpectError(ReadAll(GetParam().decompress, bytes, 64, 64).status(), Code::kBadInput, {"file.z", "damaged"});
}

INSTANTIATE_TEST_SUITE_P(Formats, Decompress,
                         testing::Values(Format{"gzip", DecompressGzip, Gzip},
                                         Format{"xz", DecompressXz, [](std::string_view text) { return Xz(text); }},
                                         Format{"zstd", DecompressZstd, Zstd}),
                         [](const auto& instance) { return std::string(instance.param.name); });

TEST(DecompressGzip, ZeroPadding_IsIgnored) {
  const Result<std::string> read = ReadAll(DecompressGzip, Gzip("text") + std::string(512, '\0'), 7, 64);
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(*read, "text");
}

TEST(DecompressZstd, WindowAboveTheCap_IsRefused) {
  const auto frame = [](int window_log) {
    ZSTD_CCtx* context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
    std::string out(4096, '\0');
    ZSTD_inBuffer in{"some text", 9, 0};
    ZSTD_outBuffer target{out.data(), out.size(), 0};
    EXPECT_FALSE(ZSTD_isError(ZSTD_compressStream2(context, &target, &in, ZSTD_e_flush)));
    EXPECT_EQ(ZSTD_compressStream2(context, &target, &in, ZSTD_e_end), 0u);
    ZSTD_freeCCtx(context);
    out.resize(target.pos);
    return out;
  };
  const Result<std::string> within = ReadAll(DecompressZstd, frame(26), 64, 64);
  ASSERT_TRUE(within.ok()) << within.status().message();
  EXPECT_EQ(*within, "some text");
  ExpectError(ReadAll(DecompressZstd, frame(27), 64, 64).status(), Code::kBadInput, {"file.z", "64 MiB", "zstd"});
}

TEST(DecompressXz, WindowAboveTheCap_IsRefused) {
  const auto with_dictionary = [](uint32_t bytes) {
    lzma_options_lzma options;
    EXPECT_FALSE(lzma_lzma_preset(&options, 0));
    options.dict_size = bytes;
    const lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, nullptr}};
    std::string out(4096, '\0');
    size_t size = 0;
    EXPECT_EQ(lzma_stream_buffer_encode(const_cast<lzma_filter*>(filters), LZMA_CHECK_CRC32, nullptr,
                                        reinterpret_cast<const uint8_t*>("some text"), 9,
                                        reinterpret_cast<uint8_t*>(out.data()), &size, out.size()),
              LZMA_OK);
    out.resize(size);
    return out;
  };
  const Result<std::string> within = ReadAll(DecompressXz, with_dictionary(64u << 20), 64, 64);
  ASSERT_TRUE(within.ok()) << within.status().message();
  EXPECT_EQ(*within, "some text");
  ExpectError(ReadAll(DecompressXz, with_dictionary(96u << 20), 64, 64).status(), Code::kBadInput,
              {"file.z", "64 MiB", "xz"});
}

}  // namespace
}  // namespace cllm
