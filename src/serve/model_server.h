#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "infer/decoder.h"
#include "serve/access.h"
#include "serve/http.h"
#include "serve/served_model.h"
#include "spheres/spheres.h"

namespace cllm {

struct ModelServerOptions {
  std::vector<std::string> addresses = {"127.0.0.1", "::1"};
  uint16_t port = 8080;  // 0: any free one
  AccessRules access = {};
  HttpLimits http = {};
  DecoderLimits decoder = {};
  size_t waiting = 256;  // calls beyond those that are decoded; more are refused with 429
  double ping_s = 15;    // a stream that is silent for so long gets a comment
  double finish_s = 30;  // that answers get to their end when the server is asked to stop
  bool takes_signals = false;  // SIGINT, SIGTERM and SIGHUP stop it
  std::string program = "cllm";
  // What a person should know, a sentence at a time. May be none.
  std::function<void(const std::string& sentence)> tell = {};
};

// Serves models over HTTP in the forms of OpenAI and llama.cpp (docs/serving.md). An answer's bits depend on model and
// request alone, whatever else is asked at the time. One event loop on the thread that runs it, one thread that decodes
// on the pool.
class ModelServer {
 public:
  // Listens from here on. pool: nobody else uses it meanwhile; may be null. Error: as HttpServer::Listen.
  // REQUIRES: at least one model, no name twice.
  static Result<std::unique_ptr<ModelServer>> Start(std::vector<std::unique_ptr<ServedModel>> models, Spheres* pool,
                                                    ModelServerOptions options);
  virtual ~ModelServer() = default;
  ModelServer(const ModelServer&) = delete;
  ModelServer& operator=(const ModelServer&) = delete;

  virtual uint16_t port() const = 0;
  // "http://127.0.0.1:8080/v1"
  virtual std::string base_url() const = 0;
  // Serves until it was asked to stop and the answers that were begun are at their end; cuts them when it is asked once
  // more, or after finish_s. Returns the signal that asked, or 0.
  virtual int Run() = 0;
  // Asks as a signal does. Thread-safe.
  virtual void AskToStop() = 0;

 protected:
  ModelServer() = default;
};

}  // namespace cllm
