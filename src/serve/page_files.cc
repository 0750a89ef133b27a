#include "serve/page_files.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"

namespace cllm {
namespace {

// No script but the page's own files, no inline script, no eval, no other server, no frame around it.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

std::string_view ContentTypeOf(std::string_view path) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kTypes = {{
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {".txt", "text/plain; charset=utf-8"},
  }};
  const auto type = std::ranges::find_if(kTypes, [&](const auto& each) { return path.ends_with(each.first); });
  CHECK(type != kTypes.end());
  return type->second;
}

// What comes before the next `separator`, without spaces around it; takes it from the text.
std::string_view TakePart(std::string_view& text, char separator) {
  const size_t end = std::min(text.find(separator), text.size());
  std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  while (!part.empty() && (part.front() == ' ' || part.front() == '\t')) part.remove_prefix(1);
  while (!part.empty() && (part.back() == ' ' || part.back() == '\t')) part.remove_suffix(1);
  return part;
}

bool IsName(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower,
                            [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

// Whether parameters such as "q=0.5" say "not at all": q=0, q=0.000.
bool IsRefused(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view part = TakePart(parameters, ';');
    if (part.starts_with("q=") || part.starts_with("Q=")) return part.find_first_not_of("0.", 2) == part.npos;
  }
  return false;
}

// The two encodings of a file are two things to a cache.
std::string Tag(std::string_view hash, bool gzip) { return fmt::format("\"{}{}\"", hash, gzip ? "-gzip" : ""); }

// Whether an If-None-Match names a file, in any encoding.
bool Names(std::string_view tags, std::string_view hash) {
  while (!tags.empty()) {
    std::string_view tag = TakePart(tags, ',');
    if (tag == "*") return true;
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag == Tag(hash, false) || tag == Tag(hash, true)) return true;
  }
  return false;
}

std::string Inflate(const PageFile& file) {
  std::string text(file.bytes, '\0');
  z_stream stream{};
  constexpr int kGzip = 15 + 16;  // zlib's number for the largest window and gzip's frame
  CHECK(inflateInit2(&stream, kGzip) == Z_OK);
  stream.next_in = const_cast<unsigned char*>(file.gzip.data());
  stream.avail_in = static_cast<uInt>(file.gzip.size());
  stream.next_out = reinterpret_cast<unsigned char*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  const int ended = inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  CHECK(ended == Z_STREAM_END && stream.avail_out == 0);
  return text;
}

std::vector<HttpHeader> SafetyHeaders() {
  return {{"Content-Security-Policy", std::string(kPolicy)},
          {"Referrer-Policy", "no-referrer"},
          {"Cross-Origin-Opener-Policy", "same-origin"}};
}

}  // namespace

const PageFile* FindPageFile(std::string_view path, std::string_view page) {
  if (path.ends_with(".html") && path != page) return nullptr;
  const auto file = std::ranges::find(PageFiles(), path == "/" ? page : path, &PageFile::path);
  return file == PageFiles().end() ? nullptr : &*file;
}

bool AcceptsGzip(const std::string* accept_encoding) {
  if (accept_encoding == nullptr) return false;
  std::string_view rest = *accept_encoding;
  bool any = false;
  while (!rest.empty()) {
    std::string_view part = TakePart(rest, ',');
    const std::string_view name = TakePart(part, ';');
    if (IsName(name, "gzip") || IsName(name, "x-gzip")) return !IsRefused(part);
    if (name == "*") any = !IsRefused(part);
  }
  return any;
}

HttpAnswer PageAnswer(const PageFile& file, const HttpRequest& request) {
  const bool gzip = AcceptsGzip(request.Header("Accept-Encoding"));
  HttpAnswer answer{.content_type = std::string(ContentTypeOf(file.path)), .headers = SafetyHeaders()};
  answer.headers.insert(answer.headers.begin(),
                        {{"ETag", Tag(file.hash, gzip)}, {"Cache-Control", "no-cache"}, {"Vary", "Accept-Encoding"}});
  const std::string* known = request.Header("If-None-Match");
  if (known != nullptr && Names(*known, file.hash)) {
    answer.status = 304;
    answer.content_type = "";
    return answer;
  }
  if (gzip) {
    answer.headers.push_back({"Content-Encoding", "gzip"});
    answer.body.assign(file.gzip.begin(), file.gzip.end());
  } else {
    answer.body = Inflate(file);
  }
  return answer;
}

HttpAnswer FilledPageAnswer(const PageFile& file, std::string_view place, std::string_view text) {
  HttpAnswer answer{
      .content_type = std::string(ContentTypeOf(file.path)), .headers = SafetyHeaders(), .body = Inflate(file)};
  answer.headers.push_back({"Cache-Control", "no-store"});
  const size_t at = answer.body.find(place);
  CHECK(at != answer.body.npos);
  answer.body.replace(at, place.size(), text);
  return answer;
}

}  // namespace cllm
