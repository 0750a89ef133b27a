#pragma once

#include <string>
#include <vector>

namespace cllm::inline api {

// A text: files, or documents in memory; not both. A plain value.
struct Text {
  // Files (plain text, .jsonl, .html, .epub, also compressed), folders and globs, as `cllm train` reads them. Read
  // during the call, by its thread; relative paths begin in the working directory.
  std::vector<std::string> files = {};
  // Each string is a document: UTF-8, other bytes are kept. Empty ones are left out. They are copied to a file (below
  // $TMPDIR for as long as the text is read; those of a training also into the run's directory, so that it can be
  // resumed), and read as a text file with that content is.
  std::vector<std::string> documents = {};

  // How files are read.
  std::vector<std::string> include = {}, exclude = {};  // patterns of what is found in folders and by globs
  std::string field = "text";     // of a line of .jsonl: where its text is
  std::string separator = {};     // between the documents of a file; empty: a file is a document
  bool chat = false;  // lists of messages in .jsonl are dialogues: what the assistant says is learned, or scored
};

}  // namespace cllm::inline api
