#include "corpus/decompress.h"

#include <fmt/core.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <vector>

#include "base/check.h"

namespace cllm {
namespace {

constexpr size_t kInputBlock = size_t{1} << 17;

// What the three have in common: a block of compressed input, refilled as it is used up.
class CompressedSource : public ByteSource {
 public:
  CompressedSource(std::unique_ptr<ByteSource> input, std::string path)
      : input_(std::move(input)), path_(std::move(path)), block_(kInputBlock) {}

 protected:
  // The unread input; refilled if empty and not at the end.
  Result<std::span<const char>> Input() {
    if (unread_.empty() && !ended_) {
      CLLM_ASSIGN(const size_t count, input_->Read(block_));
      unread_ = std::span<const char>(block_).first(count);
      ended_ = count == 0;
    }
    return unread_;
  }
  void Consume(size_t bytes) {
    unread_ = unread_.subspan(bytes);
    consumed_ += bytes;
  }
  bool ended() const { return ended_; }

  Status Damaged(std::string_view format) const {
    return BadInput(fmt::format("{} is damaged near byte {}; expected {} data", path_, consumed_, format));
  }
  Status CutShort(std::string_view format) const {
    return BadInput(fmt::format("{} ends after {} bytes, in the middle of its {} data; expected the whole file", path_,
                                consumed_, format));
  }
  Status WindowTooLarge(std::string_view advice) const {
    return BadInput(fmt::format("{} needs more than {} MiB to decompress; expected less: compress it with {}", path_,
                                kMaxWindowBytes >> 20, advice));
  }
  Status NoMemory() const { return NoResources(fmt::format("no memory to decompress {}", path_)); }

 private:
  std::unique_ptr<ByteSource> input_;
  std::string path_;
  std::vector<char> block_;
  std::span<const char> unread_;
  uint64_t consumed_ = 0;
  bool ended_ = false;
};

class GzipSource : public CompressedSource {
 public:
  GzipSource(std::unique_ptr<ByteSource> input, std::string path)
      : CompressedSource(std::move(input), std::move(path)) {
    constexpr int kGzipOnly = 16;
    CHECK(inflateInit2(&stream_, MAX_WBITS + kGzipOnly) == Z_OK);
  }
  ~GzipSource() override { inflateEnd(&stream_); }

  Result<size_t> Read(std::span<char> out) override {
    while (true) {
      CLLM_ASSIGN(const std::span<const char> in, Input());
      if (!in_member_ && in.empty()) return size_t{0};
      if (!in_member_ && in[0] == 0) {  // zero padding behind the last member, as tar leaves it
        Consume(1);
        continue;
      }
      CLLM_ASSIGN(const size_t written, Inflate(in, out));
      if (written != 0) return written;
      if (in.empty() && in_member_) return CutShort("gzip");
    }
  }

 private:
  // One call of inflate; starts the next member where one ended.
  Result<size_t> Inflate(std::span<const char> in, std::span<char> out) {
    in_member_ = true;
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    const uInt room = static_cast<uInt>(std::min<size_t>(out.size(), size_t{1} << 30));
    stream_.avail_out = room;
    const int code = inflate(&stream_, Z_NO_FLUSH);
    Consume(in.size() - stream_.avail_in);
    if (code == Z_STREAM_END) {
      in_member_ = false;
      CHECK(inflateReset(&stream_) == Z_OK);
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      if (code == Z_MEM_ERROR) return NoMemory();
      return Damaged("gzip");
    }
    return static_cast<size_t>(room - stream_.avail_out);
  }

  z_stream stream_{};
  bool in_member_ = true;  // from the start: an empty file is not a gzip file
};

class XzSource : public CompressedSource {
 public:
  XzSource(std::unique_ptr<ByteSource> input, std::string path) : CompressedSource(std::move(input), std::move(path)) {
    constexpr uint64_t kMemoryLimit = kMaxWindowBytes + (size_t{1} << 21);  // the decoder's own state is below 2 MiB
    CHECK(lzma_stream_decoder(&stream_, kMemoryLimit, LZMA_CONCATENATED) == LZMA_OK);
  }
  ~XzSource() override { lzma_end(&stream_); }

  Result<size_t> Read(std::span<char> out) override {
    stream_.next_out = reinterpret_cast<uint8_t*>(out.data());
    stream_.avail_out = out.size();
    while (!finished_ && stream_.avail_out == out.size()) {
      CLLM_ASSIGN(const std::span<const char> in, Input());
      stream_.next_in = reinterpret_cast<const uint8_t*>(in.data());
      stream_.avail_in = in.size();
      const lzma_ret code = lzma_code(&stream_, ended() ? LZMA_FINISH : LZMA_RUN);
      Consume(in.size() - stream_.avail_in);
      CLLM_TRY(Check(code));
    }
    return out.size() - stream_.avail_out;
  }

 private:
  Status Check(lzma_ret code) {
    switch (code) {
      case LZMA_OK:
        return {};
      case LZMA_STREAM_END:
        finished_ = true;
        return {};
      case LZMA_MEMLIMIT_ERROR:
        return WindowTooLarge("xz -9 or less");
      case LZMA_MEM_ERROR:
        return NoMemory();
      case LZMA_BUF_ERROR:
        return CutShort("xz");
      default:
        return Damaged("xz");
    }
  }

  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool finished_ = false;
};

class ZstdSource : public CompressedSource {
 public:
  ZstdSource(std::unique_ptr<ByteSource> input, std::string path)
      : CompressedSource(std::move(input), std::move(path)), context_(ZSTD_createDCtx()) {
    CHECK(context_ != nullptr);
    static_assert(kMaxWindowBytes == size_t{1} << 26);
    CHECK(!ZSTD_isError(ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, 26)));
  }

  Result<size_t> Read(std::span<char> out) override {
    ZSTD_outBuffer target{out.data(), out.size(), 0};
    while (target.pos == 0) {
      CLLM_ASSIGN(const std::span<const char> in, Input());
      if (in.empty() && !in_frame_) return size_t{0};
      ZSTD_inBuffer source{in.data(), in.size(), 0};
      const size_t code = ZSTD_decompressStream(context_.get(), &target, &source);
      Consume(source.pos);
      if (ZSTD_isError(code)) return Error(code);
      if (in.empty() && target.pos == 0) return CutShort("zstd");
      in_frame_ = code != 0;
    }
    return target.pos;
  }

 private:
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };

  Status Error(size_t code) const {
    const ZSTD_ErrorCode number = ZSTD_getErrorCode(code);
    if (number == ZSTD_error_frameParameter_windowTooLarge)
      return WindowTooLarge("zstd -19 or less, --long=26 at most");
    if (number == ZSTD_error_memory_allocation) return NoMemory();
    return Damaged("zstd");
  }

  std::unique_ptr<ZSTD_DCtx, Free> context_;
  bool in_frame_ = true;  // from the start: an empty file is not a zstd file
};

}  // namespace

std::unique_ptr<ByteSource> DecompressGzip(std::unique_ptr<ByteSource> input, std::string path) {
  return std::make_unique<GzipSource>(std::move(input), std::move(path));
}

std::unique_ptr<ByteSource> DecompressXz(std::unique_ptr<ByteSource> input, std::string path) {
  return std::make_unique<XzSource>(std::move(input), std::move(path));
}

std::unique_ptr<ByteSource> DecompressZstd(std::unique_ptr<ByteSource> input, std::string path) {
  return std::make_unique<ZstdSource>(std::move(input), std::move(path));
}

}  // namespace cllm
