#include "measure/seeded_text.h"

#include <string_view>
#include <vector>

#include "base/random.h"

namespace cllm::measure {
namespace {

constexpr uint64_t kWords = 400;
constexpr std::string_view kOnsets[] = {"b", "d", "f", "g", "k", "l",  "m",  "n",
                                        "p", "r", "s", "t", "v", "st", "tr", "sh"};
constexpr std::string_view kNuclei[] = {"a", "e", "i", "o", "u", "ai", "ou", "ee"};
constexpr std::string_view kCodas[] = {"", "", "", "n", "r", "s", "l", "nd"};

// Draws one after another from a stream of its own.
class Draws {
 public:
  explicit Draws(uint64_t key) : key_(key) {}
  uint64_t Below(uint64_t limit) { return RandomBits(key_, count_++) % limit; }

 private:
  uint64_t key_, count_ = 0;
};

std::vector<std::string> Words(uint64_t seed) {
  Draws draws(SubKey(seed, 0));
  std::vector<std::string> words(kWords);
  for (std::string& word : words) {
    for (uint64_t syllables = 1 + draws.Below(3); syllables > 0; --syllables) {
      word += kOnsets[draws.Below(std::size(kOnsets))];
      word += kNuclei[draws.Below(std::size(kNuclei))];
      word += kCodas[draws.Below(std::size(kCodas))];
    }
  }
  return words;
}

}  // namespace

std::string SeededText(uint64_t seed, size_t bytes) {
  const std::vector<std::string> words = Words(seed);
  Draws draws(SubKey(seed, 1));
  std::string text;
  uint64_t word = 0;
  while (text.size() < bytes) {
    std::string sentence;
    for (uint64_t left = 4 + draws.Below(9); left > 0; --left) {
      // Half the time one of the four words that like to follow; else any, the first ones oftener than the last.
      word = draws.Below(2) == 0 ? RandomBits(SubKey(seed, 2), 4 * word + draws.Below(4)) % kWords
                                 : draws.Below(1 + draws.Below(kWords));
      sentence += (sentence.empty() ? "" : " ") + words[word];
    }
    sentence.front() = static_cast<char>(sentence.front() - 'a' + 'A');
    text += sentence + (draws.Below(6) == 0 ? ".\n" : ". ");
  }
  return text;
}

}  // namespace cllm::measure
