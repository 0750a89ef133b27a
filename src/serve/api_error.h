#pragma once

#include <string>

#include "serve/http.h"
#include "store/json.h"

namespace cllm {

// What a client is told went wrong, in OpenAI's form. A plain value.
struct ApiError {
  int status = 400;
  std::string message = "";                       // a sentence
  std::string type = "invalid_request_error";
  std::string param = "";  // the field that it is about; empty for none
  std::string code = "";   // for programs; empty for none
};

// {"error": {"message", "type", "param", "code"}}, param and code null where there is none.
JsonFields ErrorFields(const ApiError& error);
HttpAnswer ErrorAnswer(const ApiError& error);
// An error that the type of its status says all of: 401 is an authentication_error, 429 a rate_limit_error, ...
ApiError StatusError(int status, const std::string& sentence);

// An answer with a JSON body.
HttpAnswer JsonAnswer(const JsonFields& fields);

}  // namespace cllm
