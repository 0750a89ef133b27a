#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "data/block_cutter.h"
#include "data/corpus_file.h"

namespace cllm {

// Finds the documents in one file's bytes and hands them to a BlockCutter. One worker only.
class DocumentSplitter {
 public:
  virtual ~DocumentSplitter() = default;
  // More of the file.
  virtual Status Append(std::string_view bytes) = 0;
  // The file is over.
  virtual Status End() = 0;
};

// The splitter for a file's layout: JSON lines, text with separators, or one document. `cutter` must outlive it.
std::unique_ptr<DocumentSplitter> MakeDocumentSplitter(const CorpusFile& file, const CorpusOptions& options,
                                                       BlockCutter& cutter);

// The longest line of a .jsonl file: a line is parsed in memory.
inline constexpr size_t kMaxJsonLineBytes = size_t{1} << 24;
// The deepest nesting of arrays and objects in it.
inline constexpr size_t kMaxJsonLineDepth = 64;

// The string in `field` of the JSON object `line`. Errors (kBadInput) begin with `place`, "x.jsonl line 3": no JSON
// (with the byte where), no object, nested too deep, the field absent, twice there, or no string.
Result<std::string> JsonLineField(std::string_view line, const std::string& field, const std::string& place);

}  // namespace cllm
