#pragma once

#include <string>
#include <vector>

namespace cllm {

// An option or a positional argument of a command, as help, the reference page and the man page show it.
struct OptionRow {
  std::string name = "";         // "-n,--tokens", or "MODEL" where it stands without a name
  std::string value = "";        // what follows the name: "N", "FILE"; empty for a flag
  std::string initial = "";      // the default as shown; empty where there is none
  std::string help = "";         // a phrase, without the default
  std::string environment = "";  // the variable that is read where the option is absent, or empty
  bool required = false;
  bool repeats = false;  // may be given several times
  bool may_stand_alone = false;  // its value may be left out; one that is given is "--name=VALUE", in one word
  // "--tokens", else "-n", else "MODEL": what messages call it.
  std::string Spoken() const;
  bool positional() const { return !name.starts_with('-'); }
  bool flag() const { return !positional() && value.empty(); }
};

// A command as help shows it: the one description from which `--help`, docs/options.md and the man page are made.
struct CommandPage {
  std::string name;     // "train", "bench kernels"
  std::string summary;  // sentences
  std::vector<OptionRow> rows;
  std::vector<std::string> examples;  // a command each
};

// What a command is called with: the words after its name; or, where nothing is to be run, a place for its page.
struct Arguments {
  std::vector<std::string> words;
  CommandPage* page = nullptr;
};

}  // namespace cllm
