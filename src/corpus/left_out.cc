#include "corpus/left_out.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>

#include "base/units.h"

namespace cllm {
namespace {

constexpr size_t kNamed = 8;  // things of one reason that are told by name
constexpr size_t kTold = 3;   // the same, each with all there is to say of it
constexpr size_t kKinds = 5;  // kinds that are told of more

// "3 binary files": what one and many of a reason are called.
struct Words {
  std::string_view one, many;
};
Words WordsOf(LeftOutReason reason) {
  switch (reason) {
    case LeftOutReason::kBinary: return {"binary file", "binary files"};
    case LeftOutReason::kNeedsConversion: return {"document to be converted first", "documents to be converted first"};
    case LeftOutReason::kBadLines: return {".jsonl file with bad lines", ".jsonl files with bad lines"};
    case LeftOutReason::kDamaged: return {"damaged file", "damaged files"};
    case LeftOutReason::kUnreadable: return {"that cannot be read", "that cannot be read"};
    case LeftOutReason::kEmpty: return {"empty file", "empty files"};
    case LeftOutReason::kExcluded: return {"that the filters leave out", "that the filters leave out"};
    case LeftOutReason::kHidden: return {"hidden", "hidden"};
    case LeftOutReason::kVersionControl: return {"folder of version control", "folders of version control"};
    case LeftOutReason::kRun: return {"run directory", "run directories"};
    case LeftOutReason::kCache: return {"cache", "caches"};
    case LeftOutReason::kFolderLink: return {"link to a folder", "links to folders"};
    case LeftOutReason::kSpecial: return {"that is no file", "that are no files"};
    case LeftOutReason::kOwnOutput: return {"that this program writes", "that this program writes"};
    case LeftOutReason::kSameFile: return {"second name of a file", "second names of files"};
  }
  return {};
}

struct Total {
  uint64_t count = 0, bytes = 0;
};

// The most bytes first, then the most files, then by name.
std::string DescribeKinds(const std::vector<const LeftOut*>& group) {
  std::map<std::string, Total> kinds;
  for (const LeftOut* one : group) {
    Total& total = kinds[KindOfName(one->path)];
    ++total.count;
    total.bytes += one->bytes;
  }
  std::vector<std::pair<std::string, Total>> sorted(kinds.begin(), kinds.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return std::pair(a.second.bytes, a.second.count) > std::pair(b.second.bytes, b.second.count);
  });
  std::vector<std::string> texts;
  for (const auto& [kind, total] : sorted) texts.push_back(fmt::format("{} {}", kind, FormatCount(total.count)));
  return NameSome(texts, kKinds);
}

// What few are called; of documents to be converted, the first of each kind with its command.
std::vector<std::string> NamesOf(LeftOutReason reason, const std::vector<const LeftOut*>& group) {
  std::vector<std::string> told, names;
  std::set<std::string> kinds;
  for (const LeftOut* one : group) {
    const bool tells = reason == LeftOutReason::kNeedsConversion ? kinds.insert(KindOfName(one->path)).second
                                                                 : group.size() <= kTold;
    (tells && !one->detail.empty() ? told : names).push_back(tells && !one->detail.empty() ? one->detail : one->path);
  }
  told.insert(told.end(), names.begin(), names.end());
  return told;
}

std::string DescribeGroup(LeftOutReason reason, const std::vector<const LeftOut*>& group) {
  uint64_t bytes = 0;
  for (const LeftOut* one : group) bytes += one->bytes;
  const Words words = WordsOf(reason);
  const bool by_name = group.size() <= kNamed || reason == LeftOutReason::kNeedsConversion;
  return fmt::format("{} {} ({}{})", FormatCount(group.size()), group.size() == 1 ? words.one : words.many,
                     by_name ? NameSome(NamesOf(reason, group), kNamed) : DescribeKinds(group),
                     bytes == 0 ? "" : "; " + FormatBytes(bytes));
}

}  // namespace

std::string DescribeLeftOut(const std::vector<LeftOut>& left_out) {
  std::map<LeftOutReason, std::vector<const LeftOut*>> groups;
  for (const LeftOut& one : left_out) groups[one.reason].push_back(&one);
  std::vector<std::pair<uint64_t, std::string>> texts;
  for (const auto& [reason, group] : groups) {
    uint64_t bytes = 0;
    for (const LeftOut* one : group) bytes += one->bytes;
    texts.push_back({bytes, DescribeGroup(reason, group)});
  }
  std::stable_sort(texts.begin(), texts.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string all;
  for (const auto& [bytes, text] : texts) all += (all.empty() ? "" : ", ") + text;
  return all;
}

std::string NameSome(const std::vector<std::string>& names, size_t most) {
  std::string text;
  const size_t shown = names.size() <= most + 1 ? names.size() : most;  // "and 1 more" takes the room of a name
  for (size_t i = 0; i < shown; ++i) {
    const bool last = i + 1 == names.size() && i != 0;
    text += (i == 0 ? "" : last ? " and " : ", ") + names[i];
  }
  if (shown < names.size()) text += fmt::format(" and {} more", FormatCount(names.size() - shown));
  return text;
}

std::string KindOfName(const std::string& path) {
  std::string name = path.substr(path.rfind('/') + 1);
  const size_t dot = name.rfind('.');
  if (dot != name.npos && dot != 0) name.erase(0, dot);
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return name;
}

}  // namespace cllm
