#pragma once

#include <span>
#include <string>
#include <vector>

#include "app/arguments/arguments.h"
#include "base/status.h"

namespace cllm {

// Splits a command's words by its rows, as GNU programs do: "--name VALUE" or "--name=VALUE", "-n VALUE" or "-nVALUE",
// flags alone ("--flag=false" takes one back), several short flags in one word, "--" before what is no option, options
// and other words in any order. Nothing else has a meaning: no word is a file of words, no list is taken apart.
//
// values[i] are those of rows[i] in their order; "true" for a flag.
struct ParsedWords {
  std::vector<std::vector<std::string>> values;
  bool help = false;     // -h or --help: nothing after it is looked at
  bool version = false;  // -V or --version
};

// A word that fits no row.
struct UnknownWord {
  std::string word;     // "--lamda" (without its value), or a positional word too many
  bool option = false;  // it begins with a dash
};

// Error (Usage): an option without its value. The first word that fits no row goes to `unknown`, which is else left as
// it is; what stands there then ends the parsing.
Result<ParsedWords> ParseWords(std::span<const OptionRow> rows, std::span<const std::string> words,
                               UnknownWord& unknown);

// The names of a row: "-n" and "--tokens".
std::vector<std::string> NamesOf(const OptionRow& row);

}  // namespace cllm
