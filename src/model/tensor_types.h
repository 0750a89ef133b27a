#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"

// The types in which files hold the numbers of a tensor, and rows of them as bytes (little-endian). Pure and
// thread-safe.
namespace cllm {

// kF32: as they are. kF16, kBF16: the nearest number of IEEE 754 half precision or of bfloat16, ties to even; bfloat16
// has no denormals here (they become zero). kQ8_0: GGUF's blocks of 32 numbers along a row, each of 34 bytes: a scale
// in half precision, then 32 signed bytes; a number is scale times byte. A last block that a row does not fill ends in
// zeros, which readers skip. kBF16 and kQ8_0 give the numbers of RoundWeights (kernels/gemm/panels.h), bit for bit.
enum class TensorType { kF32, kF16, kBF16, kQ8_0 };

// "F32", "F16", "BF16", "Q8_0".
std::string_view NameOf(TensorType type);
// The type with this name, or nothing.
std::optional<TensorType> FindTensorType(std::string_view name);

// Bytes of a row with that many columns.
size_t RowBytes(TensorType type, size_t columns);

// Writes a row. Numbers beyond kF16's largest become infinite; in kQ8_0 a block with something that is not finite
// becomes NaN. REQUIRES: out.size() == RowBytes(type, row.size()).
void EncodeRow(TensorType type, std::span<const float> row, std::span<std::byte> out);

// Reads a row; exact. REQUIRES: row.size() == RowBytes(type, out.size()).
void DecodeRow(TensorType type, ByteView row, std::span<float> out);

}  // namespace cllm
