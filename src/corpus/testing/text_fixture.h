#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/testing/temporary_directory.h"
#include "text/text_source.h"

// Texts and what becomes of them.
namespace cllm {

// Joins blocks to documents.
class DocumentCollector {
 public:
  Status Add(const TextBlock& block) {
    if (!open_) documents_.emplace_back();
    documents_.back() += block.text;
    open_ = !block.ends_document;
    return {};
  }
  TextVisitor Visitor() {
    return [this](const TextBlock& block) { return Add(block); };
  }
  const std::vector<std::string>& documents() const { return documents_; }
  bool open() const { return open_; }  // the last document has not ended

 private:
  std::vector<std::string> documents_;
  bool open_ = false;
};

// Words over several scripts, deterministic.
inline std::string SampleText(size_t bytes, uint64_t seed) {
  constexpr std::string_view kWords[] = {"the ", "lattice", " and",  "\n", "Straße ", "мир", " 12", "don't ",
                                         "  ",   "日本語",  "prime", ", ", "€",       "\t",  "THE", "naïve "};
  std::string text;
  uint64_t state = seed * 2 + 1;
  while (text.size() < bytes) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    text += kWords[state >> 60];
  }
  return text;
}

// EXPECT that a Status or Result is the error `code` whose text holds every one of `parts`.
inline void ExpectError(const Status& status, Code code, const std::vector<std::string>& parts) {
  EXPECT_EQ(static_cast<int>(status.code()), static_cast<int>(code)) << status.message();
  for (const std::string& part : parts)
    EXPECT_NE(status.message().find(part), std::string::npos) << "\"" << part << "\" is not in: " << status.message();
  EXPECT_EQ(status.message().find('\n'), std::string::npos) << status.message();
}

}  // namespace cllm
