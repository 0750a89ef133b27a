#pragma once

#include <string>
#include <string_view>

#include "measure/table.h"

namespace cllm {

// What a benchmark found, with the machine and the program that it was measured with.

// The processor, its usable cores and the version, in one line.
std::string MachineLine();
// The machine, the tables, the sentences.
std::string FindingsText(const measure::Findings& findings);
// All of it as one JSON object, in one line. name: of the benchmark.
std::string FindingsJson(std::string_view name, const measure::Findings& findings);

// Prints one of them on standard output.
void PrintFindings(std::string_view name, const measure::Findings& findings, bool json);

}  // namespace cllm
