#include "serve/dashboard/dashboard_target.h"

#include <algorithm>
#include <utility>

#include "base/units.h"
#include "serve/paths.h"

namespace cllm {
namespace {

// The parts between separators, as they are; empty ones are left out.
std::vector<std::string> PartsOf(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::string QueryText(std::string text) {
  std::ranges::replace(text, '+', ' ');
  return DecodedEscapes(text);
}

}  // namespace

DashboardTarget DashboardTarget::Of(std::string_view target) {
  DashboardTarget found;
  target = target.substr(0, target.find('#'));
  const size_t question = std::min(target.find('?'), target.size());
  for (const std::string& pair : PartsOf(target.substr(std::min(question + 1, target.size())), '&')) {
    const size_t equals = std::min(pair.find('='), pair.size());
    found.query.push_back(
        {QueryText(pair.substr(0, equals)), QueryText(pair.substr(std::min(equals + 1, pair.size())))});
  }
  const std::string_view path = target.substr(0, question);
  std::vector<std::string> parts = PartsOf(path, '/');
  for (std::string& part : parts) part = DecodedEscapes(part);
  for (size_t i = 0; i + 1 < parts.size(); ++i) {
    if (parts[i] != "api" || (parts[i + 1] != "runs" && parts[i + 1] != "server")) continue;
    found.api.assign(parts.begin() + static_cast<ptrdiff_t>(i) + 1, parts.end());
    return found;
  }
  const size_t count = parts.size();
  std::string file(1, '/');
  if (count != 0 && !path.ends_with('/')) {
    if (count > 1 && parts[count - 2] == "assets") file += "assets/";
    file += parts[count - 1];
  }
  found.file = std::move(file);
  return found;
}

const std::string* DashboardTarget::Value(std::string_view name) const {
  const auto parameter = std::ranges::find(query, name, &Parameter::name);
  return parameter == query.end() ? nullptr : &parameter->value;
}

std::optional<double> DashboardTarget::Number(std::string_view name, double initial) const {
  const std::string* text = Value(name);
  if (text == nullptr || text->empty()) return initial;
  const Result<double> value = ParseReal(*text);
  if (!value.ok()) return std::nullopt;
  return *value;
}

std::vector<std::string> DashboardTarget::List(std::string_view name) const {
  const std::string* text = Value(name);
  return text == nullptr ? std::vector<std::string>() : PartsOf(*text, ',');
}

}  // namespace cllm
