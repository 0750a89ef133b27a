#include "app/arguments/argument_words.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

namespace cllm {
namespace {

// Keeps CLI11 from reading into a word what is not there; no word of a command line can hold this character.
constexpr char kMark = '\0';

std::string WithoutMark(std::string word) {
  std::erase(word, kMark);
  return word;
}

// Ends the reading from within CLI11.
struct End {};

// CLI11 splits the words; positional ones are shared out here, since it would take "[a,b]" apart.
class Reader {
 public:
  Reader(std::span<const OptionRow> rows, std::span<const std::string> words) : rows_(rows), words_(words) {
    parsed_.values.resize(rows.size());
    app_.set_help_flag();
    app_.allow_extras();
    for (size_t i = 0; i < rows.size(); ++i) {
      if (rows[i].positional()) continue;
      const auto take = [this, i](const CLI::results_t& values) { return Take(i, values.back()); };
      if (rows[i].flag() || rows[i].may_stand_alone) {
        app_.add_flag(rows[i].name, parsed_.values[i]);
      } else {
        app_.add_option(rows[i].name, CLI::callback_t(take), rows[i].value)->trigger_on_parse();
      }
    }
    for (auto word = words.rbegin(); word != words.rend(); ++word) left_.push_back(Marked(*word));
    AddEnd("-h,--help", parsed_.help);
    AddEnd("-V,--version", parsed_.version);
  }

  Result<ParsedWords> Read(UnknownWord& unknown) {
    try {
      app_.parse(left_);
    } catch (const CLI::ArgumentMismatch&) {
      const std::string name = NameIn(words_.back());
      fault_ = Usage(fmt::format("{} needs a value: {}", name, app_.get_option(name)->get_description()));
    } catch (const End&) {
    }
    ShareOut(unknown);
    if (unknown.word.empty()) CLLM_TRY(fault_);
    for (std::vector<std::string>& values : parsed_.values) {
      std::transform(values.begin(), values.end(), values.begin(), WithoutMark);
    }
    return std::move(parsed_);
  }

 private:
  void AddEnd(const char* name, bool& asked) {
    app_.add_flag_callback(name, [&asked] {
      asked = true;
      throw End();
    })->trigger_on_parse();
  }

  // CLI11 takes "--name=" for a name whose value is the next word, and "-prompt" for "-p rompt".
  std::string Marked(const std::string& word) const {
    if (word.starts_with("--")) return word.find('=') + 1 == word.size() ? word + kMark : word;
    if (!word.starts_with('-') || app_.get_option_no_throw("-" + word) == nullptr) return word;
    return "-" + (kMark + word.substr(1));
  }

  // The option at the end of "--name", "-n" or "-dn".
  static std::string NameIn(const std::string& word) {
    return word.starts_with("--") ? word : std::string{'-', word.back()};
  }

  // A value that is an option was forgotten, unless it stands in one word with its name.
  bool Take(size_t row, const std::string& value) {
    const size_t last = words_.size() - left_.size() - 1;
    if (words_[last] == value && app_.get_option_no_throw(value) != nullptr) {
      const std::string name = NameIn(words_[last - 1]);
      fault_ =
          Usage(fmt::format("{} needs a value, and '{}' is an option; where it is meant as the value, write {}{}{}",
                            name, value, name, name.starts_with("--") ? "=" : "", value));
      throw End();
    }
    parsed_.values[row].push_back(value);
    return true;
  }

  // The words that are no options and no values.
  void ShareOut(UnknownWord& unknown) {
    bool options = true;
    size_t row = 0;
    for (const std::string& word : app_.remaining()) {
      if (options && word.size() > 1 && word[0] == '-') {
        options = word != "--";
        if (options) return void(unknown = {Whole(WithoutMark(word)), true});
        continue;
      }
      while (row < rows_.size() && !Takes(row)) ++row;
      if (row == rows_.size()) return void(unknown = {word.empty() ? "(an empty word)" : WithoutMark(word), false});
      parsed_.values[row].push_back(word);
    }
  }
  bool Takes(size_t row) const {
    return rows_[row].positional() && (rows_[row].repeats || parsed_.values[row].empty());
  }

  // "-dx" where CLI11 has taken the d off; "--name" of "--name=value".
  std::string Whole(const std::string& left) const {
    if (left.starts_with("--")) return left.substr(0, left.find('='));
    if (std::ranges::count(words_, left) > 0) return left;
    return *std::ranges::find_if(words_, [end = left.substr(1)](const std::string& word) {
      return word[0] == '-' && !word.starts_with("--") && word.ends_with(end);
    });
  }

  std::span<const OptionRow> rows_;
  std::span<const std::string> words_;
  CLI::App app_;
  std::vector<std::string> left_;  // CLI11 takes words from its end
  ParsedWords parsed_;
  Status fault_;
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
  return Reader(rows, words).Read(unknown);
}

}  // namespace cllm
