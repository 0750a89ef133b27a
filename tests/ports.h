#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "serve/testing/http_client.h"

namespace cllm::testing {

// A port that was free just now.
inline uint16_t FreePort() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EXPECT_EQ(bind(socket, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size), 0);
  close(socket);
  return ntohs(address.sin_port);
}

// Asks as soon as a server listens there.
inline HttpReply AskUntilAnswered(uint16_t port, const std::string& request) {
  for (;;) {
    if (HttpClient client(port); client.connected() && client.Send(request)) {
      if (HttpReply reply = client.Read(); reply.status != 0) return reply;
    }
    usleep(1000);
  }
}

}  // namespace cllm::testing
