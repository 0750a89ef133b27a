#pragma once

#include <string>
#include <string_view>

namespace cllm {

// For documents that other programs turn into text (.docx, .odt, .pdf and their relatives, known by their first bytes
// and else by their names), archives, and what is compressed without saying so: what one is and the command that makes
// text of it, "is a PDF document; convert it first: `pdftotext x.pdf x.txt`", to follow its name. "" for everything
// else. start: the file's first bytes, behind a compression that its name says.
std::string ConversionAdvice(const std::string& path, std::string_view start);

}  // namespace cllm
