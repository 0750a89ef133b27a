#include "model/tensor_rows.h"

#include <algorithm>
#include <vector>

#include "base/check.h"

namespace cllm {
namespace {

constexpr size_t kBufferBytes = size_t{1} << 20;

}  // namespace

TensorRows RowsOf(const Parameters& parameters, const TensorInfo& info, TensorType type) {
  const std::span<const float> values = parameters.tensor(info);
  return {.type = type,
          .rows = info.rows,
          .columns = info.columns,
          .read = [values, type, columns = info.columns](size_t row, std::span<std::byte> out) {
            EncodeRow(type, values.subspan(row * columns, columns), out);
          }};
}

Status WriteRows(const TensorRows& rows, ByteSink& sink) {
  const size_t row_bytes = rows.row_bytes(), at_once = std::max<size_t>(1, kBufferBytes / row_bytes);
  std::vector<std::byte> buffer(std::min(at_once, rows.rows) * row_bytes);
  for (size_t first = 0; first < rows.rows; first += at_once) {
    const size_t count = std::min(at_once, rows.rows - first);
    for (size_t i = 0; i < count; ++i) rows.read(first + i, std::span(buffer).subspan(i * row_bytes, row_bytes));
    CLLM_TRY(sink.Append(std::span(buffer).first(count * row_bytes)));
  }
  return {};
}

void DecodeRows(const TensorRows& rows, size_t first, std::span<float> out) {
  const size_t count = out.size() / rows.columns;
  CHECK(out.size() == count * rows.columns && first + count <= rows.rows);
  std::vector<std::byte> bytes(rows.row_bytes());
  for (size_t i = 0; i < count; ++i) {
    rows.read(first + i, bytes);
    DecodeRow(rows.type, bytes, out.subspan(i * rows.columns, rows.columns));
  }
}

void DecodeRows(const TensorRows& rows, std::span<float> out) {
  CHECK(out.size() == rows.rows * rows.columns);
  DecodeRows(rows, 0, out);
}

}  // namespace cllm
