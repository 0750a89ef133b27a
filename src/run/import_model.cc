#include "run/import_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "interop/foreign_model.h"
#include "monitor/phase.h"

namespace cllm {
namespace {

// Every number is finite; a model with others gives no text.
Status CheckFinite(const ForeignModel& model, const std::string& path) {
  const ParameterLayout layout(model.shape());
  std::vector<float> values;
  for (const TensorInfo& info : layout.tensors()) {
    const TensorRows& rows = model.stored.tensors[info.index];
    values.resize(info.columns);
    for (size_t row = 0; row < rows.rows; ++row) {
      DecodeRows(rows, row, values);
      if (std::all_of(values.begin(), values.end(), [](float x) { return x - x == 0; })) continue;
      return BadInput(
          fmt::format("{}: what becomes {} has a number that is not finite in row {}", path, info.name, row));
    }
  }
  return {};
}

}  // namespace

Result<ImportOutcome> ImportModel(const std::string& path, const std::string& directory, IfThere if_there,
                                  RunObserver& observer) {
  const Phase phase(observer, "importing");
  CLLM_ASSIGN(const ForeignModel model, OpenForeignModel(path));
  CLLM_TRY(CheckFinite(model, path));
  PosixFileSystem files;
  CLLM_TRY(WriteFileGroup(files, directory, ImportedFiles(model), if_there));
  return ImportOutcome{directory, model.shape(), model.tokenizer.name(), model.notes};
}

}  // namespace cllm
