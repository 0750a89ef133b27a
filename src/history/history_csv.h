#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "history/run_history.h"

namespace cllm {

// A run's numbers as CSV (RFC 4180, but with plain line breaks): a header `step,timestamp,NAME,...`, then a row a step,
// evaluations in the row of theirs. timestamp: ISO 8601 in UTC, empty where the log has none. A number is written so
// that reading gives the same bits; nan, inf, -inf stand for those, nothing for what a record does not have. Empty
// `names`: all. `out` gets pieces of it; its error ends the writing. Error (Usage): a name that the log does not have,
// or that of `out`.
Status WriteCsv(const RunHistory& history, const std::vector<std::string>& names,
                const std::function<Status(std::string_view piece)>& out);

}  // namespace cllm
