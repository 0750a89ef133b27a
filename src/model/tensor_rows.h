#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "model/parameters.h"
#include "model/tensor_types.h"
#include "store/file_system.h"

namespace cllm {

// A tensor as rows of bytes of one type, made or read when they are wanted: what model files are written of, ours and
// those of other programs. It views numbers or files of somebody else, who outlives it.
struct TensorRows {
  TensorType type = TensorType::kF32;
  size_t rows = 0, columns = 0;
  std::function<void(size_t row, std::span<std::byte> out)> read = {};  // out: RowBytes(type, columns)

  size_t row_bytes() const { return RowBytes(type, columns); }
  size_t bytes() const { return rows * row_bytes(); }
};

// A tensor of a model, in a type. Views the parameters.
TensorRows RowsOf(const Parameters& parameters, const TensorInfo& info, TensorType type);

// Appends all rows in turn, some at a time.
Status WriteRows(const TensorRows& rows, ByteSink& sink);

// Reads rows as numbers: as many as `out` holds, from `first` on; all of them. REQUIRES: whole rows that are there.
void DecodeRows(const TensorRows& rows, size_t first, std::span<float> out);
void DecodeRows(const TensorRows& rows, std::span<float> out);

}  // namespace cllm
