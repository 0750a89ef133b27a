#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

// The container GGUF, version 3 (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md): a header, keys with typed
// values, the tensors' names, sizes and places, then their bytes. Little-endian.
namespace cllm {

inline constexpr std::string_view kGgufMagic = "GGUF";
inline constexpr uint32_t kGgufVersion = 3;
inline constexpr size_t kGgufAlignment = 32;  // of tensors, unless general.alignment says another
inline constexpr std::string_view kGgufAlignmentKey = "general.alignment";

// How the rotary frequencies of Llama 3.1 are stretched: llama.cpp reads the divisors of the frequencies from this
// tensor. What they were made of stands in keys of ours, which it passes by.
inline constexpr std::string_view kGgufRopeDivisors = "rope_freqs.weight";
inline constexpr std::string_view kGgufRopeFactor = "cllm.rope.factor", kGgufRopeLow = "cllm.rope.low_freq_factor",
                                  kGgufRopeHigh = "cllm.rope.high_freq_factor",
                                  kGgufRopeOriginal = "cllm.rope.original_context_length";

enum class GgufValueType : uint32_t {
  kUint8 = 0,
  kInt8 = 1,
  kUint16 = 2,
  kInt16 = 3,
  kUint32 = 4,
  kInt32 = 5,
  kFloat32 = 6,
  kBool = 7,
  kText = 8,
  kArray = 9,
  kUint64 = 10,
  kInt64 = 11,
  kFloat64 = 12,
};

// The kinds of numbers in tensors that are read or written here; files may have others.
enum class GgufTensorType : uint32_t { kF32 = 0, kF16 = 1, kQ4_0 = 2, kQ8_0 = 8, kBF16 = 30 };

// Kinds of tokens, of tokenizer.ggml.token_type.
inline constexpr int32_t kGgufNormalToken = 1, kGgufUnknownToken = 2, kGgufControlToken = 3, kGgufUserToken = 4;

// Limits, llama.cpp's where it has one.
inline constexpr size_t kGgufMaxTensorName = 63;  // bytes
inline constexpr size_t kGgufMaxDimensions = 4;   // of a tensor
inline constexpr size_t kGgufMaxKey = 65'535;     // bytes
inline constexpr uint64_t kGgufMaxKeys = 10'000;
inline constexpr uint64_t kGgufMaxTensors = 100'000;
inline constexpr uint64_t kGgufMaxAlignment = 1 << 20;

}  // namespace cllm
