#include "run/given_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "store/run_directory.h"

namespace cllm {
namespace {

// A line that is in none of the documents. What stands between its two newlines has none itself, so that it cannot
// begin in a document and end in the separator either. Empty where nothing is to be separated.
std::string SeparatorOf(const GivenDocuments& documents) {
  if (documents.text.size() <= 1 && documents.validation.size() <= 1) return "";
  for (uint64_t number = 0;; ++number) {
    const std::string line = fmt::format("<document {}>", number);
    const auto holds = [&](const std::string& document) { return document.find(line) != std::string::npos; };
    if (std::none_of(documents.text.begin(), documents.text.end(), holds) &&
        std::none_of(documents.validation.begin(), documents.validation.end(), holds)) {
      return fmt::format("\n{}\n", line);
    }
  }
}

Status WriteDocuments(FileSystem& files, const std::string& path, std::span<const std::string> documents,
                      const std::string& separator) {
  CLLM_ASSIGN(const std::unique_ptr<OutputFile> file, files.Create(path));
  for (size_t i = 0; i < documents.size(); ++i) {
    if (i > 0) CLLM_TRY(file->Append(AsBytes(separator)));
    CLLM_TRY(file->Append(AsBytes(documents[i])));
  }
  CLLM_TRY(file->Sync());
  return file->Close();
}

void NamePaths(const RunPaths& paths, const GivenDocuments& documents, RunChoices& choices) {
  choices.text = {paths.given_text()};
  choices.validation.clear();
  if (!documents.validation.empty()) choices.validation = {paths.given_validation()};
}

}  // namespace

GivenText::GivenText(CacheDirectory directory, const GivenDocuments& documents)
    : directory_(std::move(directory)), documents_(documents), separator_(SeparatorOf(documents)) {}

Result<GivenText> GivenText::Write(FileSystem& files, const GivenDocuments& documents) {
  CLLM_ASSIGN(CacheDirectory directory, CacheDirectory::Open(""));  // a temporary one
  GivenText given(std::move(directory), documents);
  CLLM_TRY(given.WriteParts(files, given.directory_.path()));
  return given;
}

Status GivenText::WriteParts(FileSystem& files, const std::string& directory) const {
  const RunPaths paths{directory};
  CLLM_TRY(WriteDocuments(files, paths.given_text(), documents_.text, separator_));
  if (documents_.validation.empty()) return {};
  return WriteDocuments(files, paths.given_validation(), documents_.validation, separator_);
}

void GivenText::NameIn(RunChoices& choices) const {
  NamePaths(RunPaths{directory_.path()}, documents_, choices);
  choices.separator = separator_;
}

Status GivenText::KeepIn(FileSystem& files, const std::string& run, RunChoices& choices) const {
  CLLM_TRY(WriteParts(files, run));
  NamePaths(RunPaths{run}, documents_, choices);
  return {};
}

}  // namespace cllm
