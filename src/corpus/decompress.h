#pragma once

#include <memory>
#include <string>

#include "corpus/byte_source.h"

namespace cllm {

// Streaming decompression of `input`; `path` names it in errors. Several members or frames in a row are one stream.
// Errors (kBadInput): damage, an end in mid-stream, trailing bytes that are not a member, or a window above
// kMaxWindowBytes.
std::unique_ptr<ByteSource> DecompressGzip(std::unique_ptr<ByteSource> input, std::string path);
std::unique_ptr<ByteSource> DecompressXz(std::unique_ptr<ByteSource> input, std::string path);
std::unique_ptr<ByteSource> DecompressZstd(std::unique_ptr<ByteSource> input, std::string path);

// The largest history that a compressed file may ask to be kept: enough for xz -9 and zstd -19 --long=26.
inline constexpr size_t kMaxWindowBytes = size_t{1} << 26;

}  // namespace cllm
