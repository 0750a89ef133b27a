#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

// A client over a real socket that lets a test say every byte.
namespace cllm {

struct HttpReply {
  int status = 0;  // 0: the server closed without an answer
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = "";                 // without the framing of chunks
  std::vector<std::string> chunks = {};  // of a chunked body
  bool whole = false;                    // the body came to its end

  // The header of that name in any case, or "".
  std::string Header(const std::string& name) const;
  // The events' data of a stream, "[DONE]" too; comments are left out.
  std::vector<std::string> Events() const;
};

// A connection to a server on this machine. Reading gives up after a minute.
class HttpClient {
 public:
  explicit HttpClient(uint16_t port, const std::string& address = "127.0.0.1");
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  bool connected() const { return socket_ >= 0; }
  bool Send(const std::string& bytes);
  // The next answer, to its end. head_only: it has no body, whatever its head says.
  HttpReply Read(bool head_only = false);
  // Reads until `text` has come, and takes what came up to its end; all that came if the server closed before.
  std::string ReadUntil(const std::string& text);
  // True if the server closed, after what is still to be read.
  bool ReadsEnd();
  void HalfClose();
  void Close();
  // Closes in a way that tells the server at once that nobody is there (RST).
  void Abort();

 private:
  bool Fill();
  std::string TakeLine();
  std::string Take(size_t bytes);

  int socket_ = -1;
  std::string buffer_;
};

// "POST /path HTTP/1.1" with Host, Content-Type and Content-Length; more: further headers, each with its end.
std::string PostText(const std::string& path, const std::string& body, const std::string& more = "");
std::string GetText(const std::string& path, const std::string& more = "");

// One request on a connection of its own.
HttpReply Call(uint16_t port, const std::string& request, bool head_only = false);

}  // namespace cllm
