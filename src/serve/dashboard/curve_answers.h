#pragma once

#include <optional>
#include <string>
#include <vector>

#include "history/run_history.h"
#include "serve/api_error.h"
#include "serve/dashboard/dashboard_target.h"

namespace cllm {

// Which curves a request asks for: ?names=loss,lr&x=step&from=&to=&points=1000.
struct CurveQuery {
  std::vector<std::string> names;
  Axis axis = Axis::kStep;
  Window window;
  size_t points = 1000;
};

// Reads it. The error is told the client; none: the query is filled.
std::optional<ApiError> ReadCurveQuery(const DashboardTarget& target, CurveQuery& query);

// {"x", "curves": {NAME: {"x", "last", "min", "max", "total", "marks"}}, "sessions"}. Names that the log does not have
// are left out.
JsonFields CurveFields(const RunHistory& history, const CurveQuery& query);

}  // namespace cllm
