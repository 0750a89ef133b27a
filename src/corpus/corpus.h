#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/status.h"
#include "text/text_source.h"

// Text as it comes: files, directories, globs and standard input, read as a stream of documents in bounded memory.
namespace cllm {

// What to read. A file named here (or matched by a glob) may have any extension; a directory contributes its .txt, .md
// and .jsonl files and the .gz, .xz and .zst forms of them, recursively, names that start with a dot left out. All
// files together are read in bytewise order of their paths, each once; "-" comes first.
struct CorpusOptions {
  std::vector<std::string> paths = {};  // files, directories, globs, "-" for standard input
  std::string field = "text";           // of a .jsonl line: the string that is the document
  std::string separator = "";  // between the documents of a file that is not .jsonl; empty: a file is a document
};

// Blocks (text/text_source.h) are at most kMaxBlockBytes long and are cut at places that depend on the document's bytes
// only: after a word and before white space where there is one, else between UTF-8 characters. Documents without a byte
// are left out.
inline constexpr size_t kMaxBlockBytes = size_t{1} << 18;

// What a pass over a corpus found.
struct CorpusStatistics {
  uint64_t bytes = 0;  // of text, after decompression and without separators and JSON
  uint64_t documents = 0;
  uint64_t invalid_bytes = 0;  // bytes outside well-formed UTF-8 characters; kept as they are
  uint64_t nul_bytes = 0;      // kept as they are
  Hash128 hash;                // XXH3-128 over contents and document boundaries; file names do not enter

  bool operator==(const CorpusStatistics&) const = default;
};

struct SourceFile;  // source_file.h

// An expanded list of readable text files. Owns the spools of standard input and pipes (unnamed temporary files).
// Thread-compatible; Read opens the files anew each time.
class Corpus {
 public:
  // Expands the paths and looks at each file's start. `spool_directory` takes the copy of standard input and of pipes.
  // Errors (kBadInput): a path that is missing, unreadable, empty, binary (a NUL byte or more than 5 % control bytes in
  // the first 8 KiB of text) or no file; a directory without text; a glob that matches nothing; a damaged compressed
  // start. kUsage: no path, an empty field, a separator over 4 KiB.
  static Result<Corpus> Open(const CorpusOptions& options, const std::string& spool_directory);
  Corpus(Corpus&&) noexcept;
  Corpus& operator=(Corpus&&) noexcept;
  ~Corpus();

  // Streams every document in order. Errors: those of the visitor; a file that vanished or cannot be read; damaged
  // compression (or a window above 64 MiB); a .jsonl line that is not an object, lacks the field or is above 16 MiB,
  // with its line number. Memory: under 100 MB, whatever the sizes of files, lines and documents.
  Status Read(const TextVisitor& visitor) const;

  // The paths as read, for messages: "a.txt", "a.txt and 3 more files".
  std::string Name() const;
  size_t files() const;

 private:
  Corpus();
  CorpusOptions options_;
  std::vector<SourceFile> files_;
};

}  // namespace cllm
