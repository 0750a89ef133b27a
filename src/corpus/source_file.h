#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "corpus/byte_source.h"
#include "corpus/corpus.h"

namespace cllm {

inline constexpr std::string_view kStandardInput = "-";

enum class Compression { kNone, kGzip, kXz, kZstd };
enum class TextLayout { kText, kJsonLines, kHtml, kEpub };

// One file of a corpus. Movable.
struct SourceFile {
  std::string path;  // as found; kStandardInput for standard input
  Compression compression = Compression::kNone;
  TextLayout layout = TextLayout::kText;
  FileDescriptor spool;  // open if the input could be read only once: its copy
  bool named = false;    // by itself, not found in a folder or by a pattern
  size_t name_offset = 0;  // of the path: where what counts for the order of files begins (named_path.h)
  size_t origin = 0;     // which of the paths that were named it was found by
  uint64_t bytes = 0;    // on disk
  FileFindings found = {};

  // For messages: the path, or "standard input".
  std::string Name() const;
};

// What the extensions of a path say: ".jsonl.gz" is gzip and JSON lines, ".htm", ".html" and ".xhtml" are pages,
// ".epub" is a book; what is unknown is plain text.
SourceFile DescribeFile(const std::string& path);

// The decompressed bytes of a file from its start, as UTF-8 where a mark says what else they are. `decoding` must
// outlive the source.
Result<std::unique_ptr<ByteSource>> OpenSourceFile(const SourceFile& file, Decoding& decoding);

}  // namespace cllm
