#pragma once

#include <string>
#include <vector>

#include "corpus/left_out.h"
#include "corpus/source_file.h"

namespace cllm {

// What is to be said of a corpus that was scanned, a sentence each: what was read and left out (where folders or globs
// were searched, or something was left out), which files hold bytes that are not UTF-8 or NUL, which are copies.
std::vector<std::string> CorpusNotes(const std::vector<SourceFile>& files, const std::vector<LeftOut>& left_out,
                                     bool searched);

// One sentence if a file to validate on has the text of one to train on, else "".
std::string SameTextNote(const std::vector<SourceFile>& validation, const std::vector<SourceFile>& training);

}  // namespace cllm
