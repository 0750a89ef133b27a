#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "corpus/byte_source.h"
#include "corpus/corpus.h"

namespace cllm {

enum class Compression { kNone, kGzip, kXz, kZstd };
enum class TextLayout { kText, kJsonLines };

// One file of a corpus. Movable.
struct SourceFile {
  std::string path;  // as found; "-" for standard input
  Compression compression = Compression::kNone;
  TextLayout layout = TextLayout::kText;
  FileDescriptor spool;  // open if the input could be read only once: its copy

  // For messages: the path, or "standard input".
  std::string Name() const;
};

// What the extensions of a path say: ".jsonl.gz" is gzip and JSON lines; what is unknown is plain text.
SourceFile DescribeFile(const std::string& path);

// Whether a directory's file of this name is text: .txt, .md, .jsonl, or those with .gz, .xz or .zst behind.
bool HasTextExtension(const std::string& path);

// The files that `paths` stand for (CorpusOptions), in reading order, each once. Standard input and pipes are copied to
// unnamed files in `spool_directory`. Errors: as Corpus::Open, except those of contents that are looked at there.
Result<std::vector<SourceFile>> ExpandPaths(const std::vector<std::string>& paths, const std::string& spool_directory);

// The decompressed bytes of a file from its start.
Result<std::unique_ptr<ByteSource>> OpenSourceFile(const SourceFile& file);

}  // namespace cllm
