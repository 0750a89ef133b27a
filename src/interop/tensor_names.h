#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/layout.h"
#include "model/tensor_rows.h"

namespace cllm {

// A tensor as the Llama family's files have it: some rows of one of ours, with a name in each format.
struct TensorPart {
  std::string gguf, hugging_face;
  size_t tensor;           // of ours: its index in the layout
  size_t first_row, rows;  // of ours
  size_t columns;
  // More than 0: rows of queries or keys, whose pairs of a rotation lie head_dim / 2 rows apart in Hugging Face's files
  // and beside each other in GGUF's and ours, within each head of so many rows.
  size_t head_dim = 0;
  bool is_norm = false;
};

// All tensors of a model, in the order of GGUF files: embedding, layers, final norm, head.
std::vector<TensorPart> TensorParts(const ParameterLayout& layout);

// The row of ours, counted from the part's first, that is row `row` of the part in a Hugging Face file.
size_t RowOfHuggingFace(const TensorPart& part, size_t row);
// The row of a Hugging Face file that is row `row` of ours: the inverse.
size_t RowInHuggingFace(const TensorPart& part, size_t row);

}  // namespace cllm
