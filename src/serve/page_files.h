#pragma once

#include <span>
#include <string>
#include <string_view>

#include "serve/http.h"

namespace cllm {

// A file of the page that the program carries in itself (web/dist), compressed when it was built. A plain value.
struct PageFile {
  std::string_view path;              // "/assets/playground.js"
  std::string_view hash;              // of its content, hexadecimal
  std::span<const unsigned char> gzip;
  size_t bytes = 0;                   // when it is not compressed
};

// All of them.
std::span<const PageFile> PageFiles();
inline constexpr std::string_view kPlaygroundPage = "/playground.html", kDashboardPage = "/dashboard.html";
// The one at a path as NormalPath gives it; "/" is the server's page, and other pages are not found. Null if there is
// none.
const PageFile* FindPageFile(std::string_view path, std::string_view page);

// Whether an Accept-Encoding takes gzip (RFC 9110, 12.5.3); null is a request without that header.
bool AcceptsGzip(const std::string* accept_encoding);

// The answer with that file: compressed where the client takes it, 304 without it where the client has it (ETag), and
// with headers that let the page run its own scripts and talk to this server, and nothing else.
HttpAnswer PageAnswer(const PageFile& file, const HttpRequest& request);

// The same of a page with a text that nobody else may know: `place` is replaced by `text`, and nobody keeps the answer.
// REQUIRES: the place stands in the file.
HttpAnswer FilledPageAnswer(const PageFile& file, std::string_view place, std::string_view text);

}  // namespace cllm
