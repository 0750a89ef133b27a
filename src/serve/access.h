#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/api_error.h"
#include "serve/http.h"

namespace cllm {

// Who may ask what.
struct AccessRules {
  bool loopback = true;  // only this machine's own addresses are listened at: other names in Host are refused
  std::string api_key = "";                     // empty: none is needed
  std::vector<std::string> cors_origins = {};   // web pages that may ask; "*" is any of them
  // What a web page that may not ask is told to do about it.
  std::string origin_advice = "; `cllm serve --cors-origins` names those that may";
};

// Whether two texts are equal, in a time that tells nothing of where they differ.
bool EqualInConstantTime(std::string_view a, std::string_view b);

// What these rules make of requests. A web page of another machine cannot reach a server on loopback by a name of its
// own (Host), nor by the browser of who sits there (Origin). Immutable.
class Access {
 public:
  explicit Access(AccessRules rules) : rules_(std::move(rules)) {}

  // Why a request is refused, whatever it asks for: its Host or its Origin.
  std::optional<ApiError> RefusesOrigin(const HttpRequest& request) const;
  // Why it is refused what needs the key ("Authorization: Bearer KEY" or "X-Api-Key: KEY").
  std::optional<ApiError> RefusesKey(const HttpRequest& request) const;

  // What is added to every answer to a web page that may read it; nothing for others.
  std::vector<HttpHeader> Headers(const HttpRequest& request) const;
  // The answer to OPTIONS, which asks for leave without a key.
  HttpAnswer Preflight(const HttpRequest& request) const;

 private:
  bool AllowsOrigin(const HttpRequest& request) const;

  AccessRules rules_;
};

}  // namespace cllm
