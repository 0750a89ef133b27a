#pragma once

#include <string>
#include <string_view>

namespace cllm {

// For documents that other programs turn into text (.docx, .odt, .pdf and their relatives, known by their first bytes
// and their names): what one is and the command that converts it, "is a PDF document; convert it first: `pdftotext
// x.pdf x.txt`", to follow its name. "" for everything else. start: the file's first bytes.
std::string ConversionAdvice(const std::string& path, std::string_view start);

}  // namespace cllm
