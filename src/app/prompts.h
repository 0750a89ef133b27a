#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace cllm {

// A file of text, or standard input for "-", as UTF-8: what has a mark of UTF-16 or UTF-32 is converted, a mark of
// UTF-8 is dropped (text_encoding.h). Error (BadInput): missing, unreadable, or more than 64 MiB.
Result<std::string> ReadInput(const std::string& path);

// What messages call it: the path, or "standard input".
std::string InputName(const std::string& path);

// A text without the newline that an editor puts at its end (one, with a carriage return before it or not).
std::string WithoutLastNewline(std::string text);

// The lines of a text, empty ones too, without their ends (a newline, with a carriage return before it or not); the
// last one may lack its end. A text without a byte has none.
std::vector<std::string> LinesOf(std::string_view text);

// A text on one line, from which it can be had again: a backslash, a newline and a carriage return become \\, \n and
// \r.
std::string OnOneLine(std::string_view text);

}  // namespace cllm
