#pragma once

#include <span>
#include <string>

#include "base/status.h"
#include "corpus/cache_directory.h"
#include "run/run_choices.h"
#include "store/file_system.h"

// Texts that a program has in memory, for a run that reads files.
namespace cllm {

// Documents in memory. A view.
struct GivenDocuments {
  std::span<const std::string> text;
  std::span<const std::string> validation = {};
};

// A file for each part, in a temporary directory that goes with this. Borrows the documents. Movable; one thread.
class GivenText {
 public:
  // Error (Failed): no temporary file can be written.
  static Result<GivenText> Write(FileSystem& files, const GivenDocuments& documents);

  // Gives choices these files as their text, and the separator that stands between the documents in them.
  void NameIn(RunChoices& choices) const;

  // Writes the files into the directory of a run as well, and gives choices those: the run can be resumed then,
  // wherever its directory lies. Error (Failed): they cannot be written.
  Status KeepIn(FileSystem& files, const std::string& run, RunChoices& choices) const;

 private:
  GivenText(CacheDirectory directory, const GivenDocuments& documents);
  Status WriteParts(FileSystem& files, const std::string& directory) const;

  CacheDirectory directory_;
  GivenDocuments documents_;
  std::string separator_;
};

}  // namespace cllm
