#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "model/shape.h"
#include "monitor/run_observer.h"
#include "store/file_group.h"

namespace cllm {

struct ImportOutcome {
  std::string directory;
  ModelShape shape;
  std::string tokenizer;           // its name
  std::vector<std::string> notes;  // sentences on what is different here
};

// Reads a model of another program (interop/foreign_model.h) and writes it as one of ours into a directory, which is a
// MODEL from then on (open_model.h). Error: as OpenForeignModel and WriteFileGroup; BadInput: a number that is not
// finite.
Result<ImportOutcome> ImportModel(const std::string& path, const std::string& directory, IfThere if_there,
                                  RunObserver& observer);

}  // namespace cllm
