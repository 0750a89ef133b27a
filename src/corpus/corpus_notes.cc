#include "corpus/corpus_notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/units.h"

namespace cllm {
namespace {

constexpr size_t kNamed = 3;  // files that a note names

std::string Files(size_t count) { return fmt::format("{} file{}", FormatCount(count), count == 1 ? "" : "s"); }

// "1,200 files, 3,456,789 bytes, are read; left out: ..."
std::string Summary(const std::vector<SourceFile>& files, const std::vector<LeftOut>& left_out) {
  uint64_t on_disk = 0, text = 0;
  for (const SourceFile& file : files) on_disk += file.bytes, text += file.found.bytes;
  std::string note = fmt::format("{} read, {} bytes", Files(files.size()), FormatCount(on_disk));
  if (text != on_disk) note += fmt::format(" ({} of text)", FormatCount(text));
  if (left_out.empty()) return note + "; nothing left out";
  note += "; left out: " + DescribeLeftOut(left_out);
  const bool may_be_named = std::any_of(left_out.begin(), left_out.end(), [](const LeftOut& one) {
    return one.reason >= LeftOutReason::kExcluded && one.reason <= LeftOutReason::kFolderLink;
  });
  return may_be_named ? note + "; name a file or folder to have it read" : note;
}

// "12 bytes of a.txt and 3 bytes of b.txt are ...; they are kept as they are", the most first; "" for none.
std::string BytesNote(const std::vector<SourceFile>& files, uint64_t FileFindings::*bytes, const char* what) {
  std::vector<const SourceFile*> with;
  for (const SourceFile& file : files) {
    if (file.found.*bytes != 0) with.push_back(&file);
  }
  std::stable_sort(with.begin(), with.end(),
                   [&](const SourceFile* a, const SourceFile* b) { return a->found.*bytes > b->found.*bytes; });
  std::vector<std::string> names;
  uint64_t all = 0;
  for (const SourceFile* file : with) {
    const uint64_t count = file->found.*bytes;
    names.push_back(fmt::format("{} byte{} of {}", FormatCount(count), count == 1 ? "" : "s", file->Name()));
    all += count;
  }
  if (names.empty()) return "";
  const std::string blamed = NameSome(names, kNamed);
  return all == 1 ? fmt::format("{} is {}; it is kept as it is", blamed, what)
                  : fmt::format("{} are {}; they are kept as they are", blamed, what);
}

// Files that were converted, and what of them encoded nothing.
std::string ConversionNote(const std::vector<SourceFile>& files) {
  std::vector<std::string> names;
  uint64_t replaced = 0;
  for (const SourceFile& file : files) {
    const Decoding& decoding = file.found.decoding;
    if (decoding.encoding.empty()) continue;
    names.push_back(fmt::format("{} from {}", file.Name(), decoding.encoding));
    replaced += decoding.replaced;
  }
  if (names.empty()) return "";
  std::string note = NameSome(names, kNamed) + (names.size() == 1 ? " is" : " are") + " converted";
  if (replaced != 0) note += fmt::format("; U+FFFD stands for {} places that encode nothing", FormatCount(replaced));
  return note;
}

// "3 bad lines of a.jsonl (2, 7 and 9; line 2: expected ...) are left out"
std::string BadLinesNote(const std::vector<SourceFile>& files) {
  std::vector<std::string> names;
  for (const SourceFile& file : files) {
    const LineFindings& lines = file.found.lines;
    if (lines.bad == 0) continue;
    std::vector<std::string> numbers;
    for (const uint64_t number : lines.first_bad) numbers.push_back(std::to_string(number));
    const uint64_t more = lines.bad - lines.first_bad.size();
    names.push_back(fmt::format("{} of {} lines of {} ({}{}{}; {})", FormatCount(lines.bad), FormatCount(lines.all),
                                file.Name(), lines.bad == 1 ? "number " : "numbers ", fmt::join(numbers, ", "),
                                more == 0 ? "" : fmt::format(" and {} more", FormatCount(more)), lines.first_reason));
  }
  return names.empty() ? "" : "left out as bad: " + NameSome(names, kNamed);
}

// Files whose text is that of one before, by the number and hash of its bytes; files without text are no copies.
std::string CopiesNote(const std::vector<SourceFile>& files) {
  std::map<std::pair<std::string, uint64_t>, const SourceFile*> first;
  std::vector<std::string> copies;
  uint64_t bytes = 0;
  for (const SourceFile& file : files) {
    if (file.found.bytes == 0) continue;
    const auto [known, is_new] = first.insert({{file.found.hash.Hex(), file.found.bytes}, &file});
    if (is_new) continue;
    bytes += file.found.bytes;
    copies.push_back(fmt::format("{} as in {}", file.Name(), known->second->Name()));
  }
  if (copies.empty()) return "";
  return fmt::format("{} ({}; {} bytes): each copy counts, and validation may meet what was learned; leave copies out "
                     "with `exclude`",
                     copies.size() == 1 ? "1 file is a copy of another"
                                        : FormatCount(copies.size()) + " files are copies of others",
                     NameSome(copies, kNamed), FormatCount(bytes));
}

}  // namespace

std::vector<std::string> CorpusNotes(const std::vector<SourceFile>& files, const std::vector<LeftOut>& left_out,
                                     bool searched) {
  std::vector<std::string> notes;
  if (searched || !left_out.empty()) notes.push_back(Summary(files, left_out));
  if (std::string bad = BadLinesNote(files); !bad.empty()) notes.push_back(std::move(bad));
  if (std::string converted = ConversionNote(files); !converted.empty()) notes.push_back(std::move(converted));
  if (std::string bytes = BytesNote(files, &FileFindings::invalid_bytes, "not valid UTF-8"); !bytes.empty()) {
    notes.push_back(bytes + " (if the text is Latin-1, `iconv -f WINDOWS-1252 -t UTF-8` converts it)");
  }
  if (std::string bytes = BytesNote(files, &FileFindings::nul_bytes, "NUL"); !bytes.empty()) {
    notes.push_back(std::move(bytes));
  }
  if (std::string copies = CopiesNote(files); !copies.empty()) notes.push_back(std::move(copies));
  return notes;
}

std::string SameTextNote(const std::vector<SourceFile>& validation, const std::vector<SourceFile>& training) {
  std::set<std::pair<std::string, uint64_t>> learned;
  for (const SourceFile& file : training) learned.insert({file.found.hash.Hex(), file.found.bytes});
  std::vector<std::string> names;
  for (const SourceFile& file : validation) {
    if (learned.contains({file.found.hash.Hex(), file.found.bytes})) names.push_back(file.Name());
  }
  if (names.empty()) return "";
  return fmt::format("{} {} in the text to train on, too: validation there measures memory, not what was understood; "
                     "validate on other text (`val`)",
                     NameSome(names, kNamed), names.size() == 1 ? "stands" : "stand");
}

}  // namespace cllm
