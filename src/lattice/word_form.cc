#include "lattice/word_form.h"

#include "lattice/primes.h"
#include "lattice/unicode.h"

namespace cllm {
namespace {

constexpr size_t kStemLetters = 3;

uint32_t CasePrime(std::string_view word) {
  size_t letters = 0, upper = 0;
  bool first_is_upper = false;
  for (size_t position = 0; position < word.size();) {
    const Character character = CharacterAt(word, position);
    position += character.bytes;
    if (ClassOf(character) != CharacterClass::kLetter) continue;
    const bool is_upper = IsUpperCase(character);
    if (letters == 0) first_is_upper = is_upper;
    ++letters;
    if (is_upper) ++upper;
  }
  if (letters >= 2 && upper == letters) return kUpperCasePrime;
  return first_is_upper ? kCapitalPrime : 1;
}

// Fills cuts and is_word from `lower`.
void FindCuts(WordForm& form) {
  size_t letters = 0;
  for (size_t position = 0; position < form.lower.size();) {
    const Character character = CharacterAt(form.lower, position);
    if (ClassOf(character) != CharacterClass::kLetter) {
      form.cuts.clear();
      return;
    }
    if (letters >= kStemLetters) form.cuts.push_back(position);
    ++letters;
    position += character.bytes;
  }
  form.is_word = letters > 0;
}

}  // namespace

WordForm FormOf(std::string_view token) {
  WordForm form;
  form.leading_space = token.size() > 1 && token.front() == ' ';
  const std::string_view word = form.leading_space ? token.substr(1) : token;
  form.case_prime = CasePrime(word);
  form.lower = LowerCase(word);
  FindCuts(form);
  return form;
}

}  // namespace cllm
