#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/status.h"
#include "corpus/glob_pattern.h"
#include "corpus/left_out.h"
#include "corpus/text_encoding.h"
#include "text/text_source.h"

// Text as it comes: files, directories, globs and standard input, read as a stream of documents in bounded memory.
namespace cllm {

// What to read. A folder contributes every file below it that is text by its content, whatever its name, but for those
// that DirectoryWalk passes by; so does a glob. All files together are read in bytewise order of their paths, each
// once, links to the same file included; "-" comes first.
struct CorpusOptions {
  std::vector<std::string> paths = {};  // files, directories, globs, "-" for standard input
  FileFilter filter = {};               // of what is found in folders and by globs
  std::string field = "text";           // of a .jsonl line: where the document is (json_line.h)
  std::string separator = "";  // between the documents of a file that is not .jsonl; empty: a file is a document
  bool chat = false;  // lists of messages in .jsonl are dialogues, written in the chat template (text/chat_template.h)
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
  uint64_t dialogues = 0;      // of the documents
  uint64_t answers = 0;        // in them: what the assistant says

  bool operator==(const CorpusStatistics&) const = default;
};

// Of the lines of a .jsonl file that hold something.
struct LineFindings {
  static constexpr size_t kKept = 5;
  uint64_t all = 0;
  uint64_t bad = 0;                      // left out
  std::vector<uint64_t> first_bad = {};  // numbers of the first ones, from 1 in all lines
  std::string first_reason = "";         // of the first bad one
};

// What a pass found in one file.
struct FileFindings {
  uint64_t bytes = 0;  // of text
  uint64_t invalid_bytes = 0;
  uint64_t nul_bytes = 0;
  Hash128 hash;       // of its text, without document boundaries
  Decoding decoding;  // of its bytes
  LineFindings lines;
};

// A pass that gathers what there is to know.
struct CorpusScan {
  CorpusStatistics statistics;
  bool complete = false;  // false: files turned out not to be readable texts and are left out now; scan again
};

struct SourceFile;  // source_file.h

// An expanded list of readable text files. Owns the spools of standard input and pipes (unnamed temporary files).
// Thread-compatible; Read opens the files anew each time.
class Corpus {
 public:
  // Expands the paths and looks at each file's start. `spool_directory` takes the copy of standard input and of pipes.
  // Files without a byte are left out. Errors (kBadInput), those of all paths in one message: a path that is missing,
  // unreadable, binary (a NUL byte or more than 5 % control bytes in the first 8 KiB of text), a document that another
  // program has to convert, damaged compression, or no file; what was found rather than named is left out instead. A
  // folder or glob without text; nothing but empty files. kUsage: no path, an empty field, a separator over 4 KiB.
  static Result<Corpus> Open(const CorpusOptions& options, const std::string& spool_directory);
  Corpus(Corpus&&) noexcept;
  Corpus& operator=(Corpus&&) noexcept;
  ~Corpus();

  // Reads everything once and remembers what it finds. What was found in a folder or by a glob and cannot be read to
  // its end is left out, which makes the scan incomplete; what was named is an error, all of them in one message. Files
  // without text (a page of pictures, lines with empty fields) are left out, too, unless there are no others.
  // progress: told the share of the files' bytes that is read; may be empty.
  Result<CorpusScan> Scan(const TextVisitor& visitor, const ShareDone& progress = {});

  // Streams every document in order. Errors: those of the visitor; a file that vanished or cannot be read; damaged
  // compression (or a window above 64 MiB); a .jsonl file of which more than one line in a hundred is bad: no JSON
  // object, without the field, or above 16 MiB; fewer are left out; a page or book beyond the limits of html_text.h and
  // zip_file.h. Memory: under 100 MB (300 MB with pages and books), whatever the sizes of files, lines and documents.
  Status Read(const TextVisitor& visitor) const;

  // The paths as read, for messages: "a.txt", "a.txt and 3 more files".
  std::string Name() const;
  // What the user should know of the files, a sentence each; whole after a complete scan.
  std::vector<std::string> Notes() const;
  // One sentence if a file of this has the same text as one of the other's, else "".
  std::string SameTextAs(const Corpus& other) const;

 private:
  Corpus();
  Result<bool> LeaveOut(const std::vector<Status>& statuses);

  CorpusOptions options_;
  std::vector<SourceFile> files_;
  std::vector<LeftOut> left_out_;
  bool searched_ = false;  // a folder or a glob was named
};

}  // namespace cllm
