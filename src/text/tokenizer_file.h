#pragma once

#include <optional>
#include <string>

#include "base/status.h"
#include "store/file_system.h"
#include "text/tokenizer.h"
#include "text/tokenizer_json_reader.h"

namespace cllm {

inline constexpr int kLatticeFormat = 2;  // 1: without `special`
inline constexpr const char* kTokenizerFileName = "tokenizer.json";
inline constexpr const char* kLatticeFileName = "lattice.json";

// The text of the two files of a tokenizer: Hugging Face's tokenizer.json (byte-level BPE, merges in rank order in the
// string form), and lattice.json (codes by id, suffixes with their primes, roots in rank order; of tokenizers whose
// special tokens are not ours also `special`, which says which is which; without it the format is 1). Equal tokenizers
// give equal texts.
std::string TokenizerJson(const Tokenizer& tokenizer);
std::string LatticeJson(const Tokenizer& tokenizer);

// Writes tokenizer.json and lattice.json into an existing directory, each whole or not at all, replacing what is there.
Status SaveTokenizer(const Tokenizer& tokenizer, FileSystem& files, const std::string& directory);

// Reads both files. Error (BadInput) names the file and the fault; no input, however damaged, does more than that.
Result<Tokenizer> LoadTokenizer(const std::string& directory);

// The same from the files' contents; `name` is what errors call the directory.
Result<Tokenizer> ParseTokenizer(const std::string& tokenizer_json, const std::string& lattice_json,
                                 const std::string& name);

// The parts of the two files by themselves; `label` names the file in errors. ids: of tokenizers whose special tokens
// are not ours.
Result<TokenizerParts> ParseTokenizerParts(const std::string& tokenizer_json, const std::string& label,
                                           const std::optional<SpecialIds>& ids);
struct LatticeFile {
  TokenLattice lattice;
  std::optional<SpecialIds> special;
};
Result<LatticeFile> ParseLattice(const std::string& lattice_json, const std::string& label);

}  // namespace cllm
