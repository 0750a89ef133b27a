#include "app/arguments/environment.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "app/arguments/help_text.h"
#include "app/arguments/suggestion.h"
#include "app/command_table.h"

namespace cllm {
namespace {

constexpr std::string_view kPrefix = "CLLM_";
constexpr std::string_view kOfScripts = "CLLM_SLOW";  // asks scripts/test for its long tests
constexpr size_t kTelling = 4;                   // letters of a name that say something inside a longer one

std::vector<std::string> OwnVariables() {
  std::vector<std::string> names;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (text.starts_with(kPrefix)) names.emplace_back(text.substr(0, text.find('=')));
  }
  return names;
}

std::vector<std::string> KnownVariables() {
  std::vector<std::string> known = {std::string(kOfScripts)};
  for (const HelpEntry& variable : EnvironmentVariables()) known.emplace_back(variable.name);
  for (const CommandPage& page : Pages()) {
    for (const OptionRow& row : page.rows) {
      if (!row.environment.empty()) known.push_back(row.environment);
    }
  }
  return known;
}

// Compared without the prefix, which all have. CLLM_NUM_THREADS is near CLLM_THREADS.
std::string NearestVariable(std::string_view name, const std::vector<std::string>& known) {
  const std::string_view own = name.substr(kPrefix.size());
  std::vector<std::string> others;
  for (const std::string& each : known) {
    if (each.starts_with(kPrefix) && each != kOfScripts) others.push_back(each.substr(kPrefix.size()));
  }
  std::string nearest = Nearest(own, others);
  for (const std::string& other : others) {
    if (nearest.empty() && other.size() >= kTelling && own.find(other) != own.npos) nearest = other;
  }
  return nearest.empty() ? "" : std::string(kPrefix) + nearest;
}

}  // namespace

std::vector<std::string> UnknownAmong(const std::vector<std::string>& names, const std::vector<std::string>& known) {
  std::vector<std::string> sentences;
  for (const std::string& name : names) {
    if (std::ranges::count(known, name) > 0) continue;
    const std::string nearest = NearestVariable(name, known);
    sentences.push_back(fmt::format("the environment variable {} is none that cllm reads{}", name,
                                    nearest.empty() ? "" : fmt::format("; did you mean {}?", nearest)));
  }
  return sentences;
}

std::vector<std::string> UnknownVariables() {
  const std::vector<std::string> names = OwnVariables();
  return names.empty() ? names : UnknownAmong(names, KnownVariables());
}

}  // namespace cllm
