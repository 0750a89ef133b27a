#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "corpus/corpus.h"
#include "corpus/left_out.h"
#include "corpus/source_file.h"

namespace cllm {

// Faults of several paths, in one message.
class Faults {
 public:
  void Add(const Status& fault);
  bool empty() const { return messages_.empty(); }
  // kOk without faults; one fault as it is; else BadInput: "3 of the texts cannot be read: ...; ...; ...".
  Status Joined() const;

 private:
  static constexpr size_t kShown = 20;
  std::vector<std::string> messages_;
};

// What some paths stand for.
struct FoundFiles {
  std::vector<SourceFile> files;  // in reading order, each once, with content and text by what its start says
  std::vector<LeftOut> left_out;
  bool searched = false;  // a folder or a pattern was among the paths
};

// Expands the paths of a corpus (CorpusOptions) and looks at each file's start. Standard input and pipes are copied to
// unnamed files in `spool_directory`. Errors: as Corpus::Open.
Result<FoundFiles> FindFiles(const CorpusOptions& options, const std::string& spool_directory);

}  // namespace cllm
