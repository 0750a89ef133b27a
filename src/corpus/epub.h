#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace cllm {

// Whether a file's start is that of an EPUB book (its first entry says so).
bool LooksLikeEpub(std::string_view start);

// The text of an EPUB book: its pages in reading order (the spine; without its table of contents), as HtmlText has
// them. Error (kBadInput) that begins with the path: damaged, protected, no book, or beyond a limit of zip_file.h or
// html_text.h.
Result<std::string> EpubText(const std::string& path);

}  // namespace cllm
