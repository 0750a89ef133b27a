#pragma once

#include <memory>
#include <string_view>

#include "base/status.h"
#include "corpus/block_cutter.h"
#include "corpus/source_file.h"

namespace cllm {

// Finds the documents in one file's bytes and hands them to a BlockCutter. One worker only.
class DocumentSplitter {
 public:
  virtual ~DocumentSplitter() = default;
  // More of the file.
  virtual Status Append(std::string_view bytes) = 0;
  // The file is over. Error (kBadInput): more than one in a hundred of its JSON lines is bad; a page that
  // cannot be read.
  virtual Status End() = 0;
};

// The splitter for a file's layout: JSON lines, a page, text with separators, or one document. `cutter` and `lines`,
// which counts JSON lines, must outlive it.
std::unique_ptr<DocumentSplitter> MakeDocumentSplitter(const SourceFile& file, const CorpusOptions& options,
                                                       BlockCutter& cutter, LineFindings& lines);

}  // namespace cllm
