#include "app/bench_output.h"

#include <fmt/format.h>

#include <iostream>

#include "app/command.h"
#include "base/system.h"
#include "kernels/simd.h"
#include "spheres/spheres.h"
#include "store/json.h"

namespace cllm {

std::string MachineLine() {
  return fmt::format("{}, {} usable cores, {}", ProcessorName(), PlanSpheres({}).leaves, VersionText());
}

std::string FindingsText(const measure::Findings& findings) {
  std::string text = fmt::format("{}\n\n{}", MachineLine(), findings.table.Text());
  for (const measure::NamedTable& other : findings.others) {
    text += fmt::format("\n{}\n{}", other.title, other.table.Text());
  }
  if (!findings.others.empty()) text += "\n";
  for (const std::string& note : findings.notes) text += note + "\n";
  return text;
}

std::string FindingsJson(std::string_view name, const measure::Findings& findings) {
  JsonFields fields = {{"bench", name},
                       {"version", VersionText()},
                       {"simd", SimdName()},
                       {"processor", ProcessorName()},
                       {"cores", PlanSpheres({}).leaves}};
  fields.insert(fields.end(), findings.facts.begin(), findings.facts.end());
  fields.push_back({"rows", findings.table.Rows()});
  for (const measure::NamedTable& other : findings.others) fields.push_back({other.key, other.table.Rows()});
  fields.push_back({"notes", JsonArray(findings.notes.begin(), findings.notes.end())});
  return WriteJson(fields) + "\n";
}

void PrintFindings(std::string_view name, const measure::Findings& findings, bool json) {
  std::cout << (json ? FindingsJson(name, findings) : FindingsText(findings)) << std::flush;
}

}  // namespace cllm
