#include "app/argument_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace cllm {
namespace {

constexpr size_t kNone = ~size_t{0};

class Parser {
 public:
  Parser(std::span<const OptionRow> rows, std::span<const std::string> words, UnknownWord& unknown)
      : rows_(rows), words_(words), unknown_(unknown) {
    parsed_.values.resize(rows.size());
  }

  Result<ParsedWords> Run() {
    bool options = true;
    for (at_ = 0; at_ < words_.size() && !done_; ++at_) {
      const std::string& word = words_[at_];
      if (options && word == "--") {
        options = false;
      } else if (!options || word.size() < 2 || word[0] != '-') {
        Positional(word);
      } else if (word.starts_with("--")) {
        CLLM_TRY(Long(word));
      } else {
        CLLM_TRY(Short(word));
      }
    }
    return std::move(parsed_);
  }

 private:
  // The row of "--name" or "-n", kNone if there is none.
  size_t Find(const std::string& name) const {
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (std::ranges::count(NamesOf(rows_[i]), name) > 0) return i;
    }
    return kNone;
  }

  void Unknown(const std::string& word, bool option) {
    unknown_ = {word, option};
    done_ = true;
  }

  // --help and --version belong to every command.
  bool OfAll(const std::string& name) {
    parsed_.help |= name == "--help" || name == "-h";
    parsed_.version |= name == "--version" || name == "-V";
    return done_ = parsed_.help || parsed_.version;
  }

  void Positional(const std::string& word) {
    while (next_ < rows_.size() && !(rows_[next_].positional() && (rows_[next_].repeats || !Filled(next_)))) ++next_;
    if (next_ == rows_.size()) return Unknown(word, false);
    parsed_.values[next_].push_back(word);
  }
  bool Filled(size_t row) const { return !parsed_.values[row].empty(); }

  Status Long(const std::string& word) {
    const size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const size_t row = Find(name);
    if (row == kNone) {
      if (!OfAll(name)) Unknown(name, true);
      return {};
    }
    if (equals != word.npos) {
      parsed_.values[row].push_back(word.substr(equals + 1));
      return {};
    }
    return TakeValue(row, name);
  }

  // "-n5", "-n 5", "-df": flags, then at most one with a value.
  Status Short(const std::string& word) {
    if (Find("-" + word) != kNone) {  // "-threads"
      Unknown(word, true);
      return {};
    }
    for (size_t i = 1; i < word.size(); ++i) {
      const std::string name = {'-', word[i]};
      const size_t row = Find(name);
      if (row == kNone) {
        if (!OfAll(name)) Unknown(word, true);
        return {};
      }
      if (rows_[row].flag()) {
        parsed_.values[row].push_back("true");
      } else if (i + 1 < word.size()) {
        parsed_.values[row].push_back(word.substr(i + 1));
        return {};
      } else {
        return TakeValue(row, name);
      }
    }
    return {};
  }

  // The next word, unless it is an option itself: then the value was forgotten.
  Status TakeValue(size_t row, const std::string& name) {
    if (rows_[row].flag()) {
      parsed_.values[row].push_back("true");
      return {};
    }
    if (at_ + 1 == words_.size()) return Usage(fmt::format("{} needs a value: {}", name, rows_[row].value));
    const std::string& value = words_[at_ + 1];
    if (Find(value) != kNone && value.starts_with('-')) {
      return Usage(fmt::format("{} needs a value, and '{}' is an option; where it is meant as the value, write {}{}{}",
                               name, value, name, name.starts_with("--") ? "=" : "", value));
    }
    parsed_.values[row].push_back(value);
    ++at_;
    return {};
  }

  std::span<const OptionRow> rows_;
  std::span<const std::string> words_;
  UnknownWord& unknown_;
  ParsedWords parsed_;
  size_t at_ = 0;
  size_t next_ = 0;  // the positional row that takes the next word
  bool done_ = false;
};

}  // namespace

std::string OptionRow::Spoken() const {
  const size_t longer = name.find("--");
  return longer == name.npos ? name : name.substr(longer);
}

std::vector<std::string> NamesOf(const OptionRow& row) {
  const size_t comma = row.name.find(',');
  if (comma == row.name.npos) return {row.name};
  return {row.name.substr(0, comma), row.name.substr(comma + 1)};
}

Result<ParsedWords> ParseWords(std::span<const OptionRow> rows, std::span<const std::string> words,
                               UnknownWord& unknown) {
  return Parser(rows, words, unknown).Run();
}

}  // namespace cllm
