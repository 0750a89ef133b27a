#include "corpus/document_splitter.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/units.h"
#include "corpus/html_text.h"
#include "corpus/json_line.h"

namespace cllm {
namespace {

class WholeText : public DocumentSplitter {
 public:
  explicit WholeText(BlockCutter& cutter) : cutter_(cutter) {}
  Status Append(std::string_view bytes) override { return cutter_.Append(bytes); }
  Status End() override { return cutter_.EndDocument(); }

 private:
  BlockCutter& cutter_;
};

class SeparatedText : public DocumentSplitter {
 public:
  SeparatedText(std::string separator, BlockCutter& cutter) : separator_(std::move(separator)), cutter_(cutter) {}

  Status Append(std::string_view bytes) override {
    pending_.append(bytes);
    std::string_view rest = pending_;
    for (size_t at = rest.find(separator_); at != std::string_view::npos; at = rest.find(separator_)) {
      CLLM_TRY(cutter_.Append(rest.substr(0, at)));
      CLLM_TRY(cutter_.EndDocument());
      rest.remove_prefix(at + separator_.size());
    }
    // The end may be the start of a separator.
    const size_t kept = std::min(separator_.size() - 1, rest.size());
    CLLM_TRY(cutter_.Append(rest.substr(0, rest.size() - kept)));
    pending_.erase(0, pending_.size() - kept);
    return {};
  }

  Status End() override {
    CLLM_TRY(cutter_.Append(pending_));
    pending_.clear();
    return cutter_.EndDocument();
  }

 private:
  std::string separator_;
  BlockCutter& cutter_;
  std::string pending_;
};

// A page is gathered in memory and becomes one document.
class Page : public DocumentSplitter {
 public:
  Page(std::string name, BlockCutter& cutter) : name_(std::move(name)), cutter_(cutter) {}

  Status Append(std::string_view bytes) override {
    // What is longer is refused at the end.
    page_.append(bytes.substr(0, kMaxPageBytes + 1 - page_.size()));
    return {};
  }

  Status End() override {
    const Result<std::string> text = HtmlText(page_);
    page_.clear();
    if (!text.ok()) return Status(text.status().code(), fmt::format("{} {}", name_, text.status().message()));
    CLLM_TRY(cutter_.Append(*text));
    return cutter_.EndDocument();
  }

 private:
  std::string name_;
  BlockCutter& cutter_;
  std::string page_;
};

class JsonLines : public DocumentSplitter {
 public:
  JsonLines(std::string name, const CorpusOptions& options, BlockCutter& cutter, LineFindings& lines)
      : name_(std::move(name)), field_(options.field), chat_(options.chat), cutter_(cutter), lines_(lines) {}

  Status Append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const size_t end = bytes.find('\n');
      const std::string_view part = bytes.substr(0, end);
      if (line_.size() + part.size() > kMaxJsonLineBytes) too_long_ = true;
      if (too_long_) line_.clear();
      if (end == std::string_view::npos) {
        if (!too_long_) line_.append(part);
        return {};
      }
      CLLM_TRY(line_.empty() ? Line(part) : Line(line_.append(part)));
      line_.clear();
      bytes.remove_prefix(end + 1);
    }
    return {};
  }

  Status End() override {
    CLLM_TRY(Line(line_));
    line_.clear();
    if (lines_.bad * 100 <= lines_.all) return {};
    return BadInput(fmt::format("{}: {} of {} lines are bad, expected at most one in a hundred ({})", name_,
                                FormatCount(lines_.bad), FormatCount(lines_.all), lines_.first_reason));
  }

 private:
  Status Line(std::string_view line) {
    ++number_;
    if (std::exchange(too_long_, false)) {
      Bad(fmt::format(" is longer than {} MiB", kMaxJsonLineBytes >> 20));
      return {};
    }
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) return {};
    Result<JsonLine> read = ReadJsonLine(line, field_);
    const bool dialogue = chat_ && read.ok() && read->is_list;
    const Status status = !read.ok() ? read.status() : dialogue ? NameRoles(read->messages) : Status();
    if (!status.ok()) {
      Bad(": " + status.message());
      return {};
    }
    ++lines_.all;
    if (dialogue) return cutter_.Dialogue(ChatDocument(read->messages));
    CLLM_TRY(cutter_.Append(read->Text()));
    return cutter_.EndDocument();
  }

  void Bad(const std::string& reason) {
    ++lines_.all, ++lines_.bad;
    if (lines_.first_bad.size() < LineFindings::kKept) lines_.first_bad.push_back(number_);
    if (lines_.first_reason.empty()) lines_.first_reason = fmt::format("line {}{}", number_, reason);
  }

  std::string name_;
  std::string field_;
  bool chat_;
  BlockCutter& cutter_;
  LineFindings& lines_;
  std::string line_;  // the start of a line that goes on
  bool too_long_ = false;
  uint64_t number_ = 0;
};

}  // namespace

std::unique_ptr<DocumentSplitter> MakeDocumentSplitter(const SourceFile& file, const CorpusOptions& options,
                                                       BlockCutter& cutter, LineFindings& lines) {
  if (file.layout == TextLayout::kJsonLines) {
    return std::make_unique<JsonLines>(file.Name(), options, cutter, lines);
  }
  if (file.layout == TextLayout::kHtml) return std::make_unique<Page>(file.Name(), cutter);
  if (!options.separator.empty()) return std::make_unique<SeparatedText>(options.separator, cutter);
  return std::make_unique<WholeText>(cutter);
}

}  // namespace cllm
