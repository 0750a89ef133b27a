#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cllm {

// Where a request to the dashboard goes. Its addresses work below any path, whether a proxy takes that path away or
// not:
// "/x/y/api/runs/book-1/curves?names=loss" is the same as "/api/runs/book-1/curves?names=loss". A plain value.
struct DashboardTarget {
  // Behind "api", decoded: "runs", "book-1", "curves". Empty for a file of the page.
  std::vector<std::string> api;
  // Of a file of the page: "/" or "/assets/dashboard.js".
  std::string file;

  struct Parameter {
    std::string name, value;
  };
  std::vector<Parameter> query;

  // The value of a name in the query, null if it is not there.
  const std::string* Value(std::string_view name) const;
  // One that is a number, or `initial` where it is absent or empty; nothing where it is neither.
  std::optional<double> Number(std::string_view name, double initial) const;
  // "a,b,c" in its parts; empty ones are left out.
  std::vector<std::string> List(std::string_view name) const;

  static DashboardTarget Of(std::string_view target);
};

}  // namespace cllm
