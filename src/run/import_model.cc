#include "run/import_model.h"

#include "interop/foreign_model.h"
#include "monitor/phase.h"

namespace cllm {
Result<ImportOutcome> ImportModel(const std::string& path, const std::string& directory, IfThere if_there,
                                  RunObserver& observer) {
  const Phase phase(observer, "importing");
  CLLM_ASSIGN(const ForeignModel model, OpenForeignModel(path));
  CLLM_TRY(CheckFinite(model.stored, path));
  PosixFileSystem files;
  CLLM_TRY(WriteFileGroup(files, directory, ImportedFiles(model), if_there));
  return ImportOutcome{directory, model.shape(), model.tokenizer.name(), model.notes};
}

}  // namespace cllm
