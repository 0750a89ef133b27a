#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/status.h"

namespace cllm {

// The largest page: it is parsed in memory.
inline constexpr size_t kMaxPageBytes = size_t{1} << 24;
// The deepest nesting of elements in it.
inline constexpr size_t kMaxPageDepth = 2048;

// What a person reads on an HTML or XHTML page, as UTF-8: paragraphs with an empty line between them, other blocks on
// lines of their own, white space as one blank (but in <pre>); no head, scripts, styles or pictures. A page that is
// well-formed UTF-8 is taken for that, another one for what it declares, else for Windows-1252. Entities are those of
// HTML; nothing outside the page is read. Error (kBadInput), to follow the page's name: too large or too deep.
Result<std::string> HtmlText(std::string_view html);

}  // namespace cllm
