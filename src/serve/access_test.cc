#include "serve/access.h"

#include <gtest/gtest.h>

namespace cllm {
namespace {

HttpRequest With(std::vector<HttpHeader> headers) {
  return {.method = "GET", .target = "/", .headers = std::move(headers)};
}

TEST(EqualInConstantTime, IsEquality) {
  EXPECT_TRUE(EqualInConstantTime("", ""));
  EXPECT_TRUE(EqualInConstantTime("key", "key"));
  for (const char* other : {"", "k", "ke", "keys", "kez", "KEY", "keykey"}) {
    EXPECT_FALSE(EqualInConstantTime(other, "key")) << other;
    EXPECT_FALSE(EqualInConstantTime("key", other)) << other;
  }
}

TEST(Access, Hosts_OnLoopbackAreTheMachinesOwnNames) {
  const Access local({}), open({.loopback = false, .api_key = "k"});
  for (const char* host :
       {"localhost", "localhost:1", "127.0.0.1:8080", "[::1]:8080", "::1", "LocalHost.", "a.localhost"}) {
    EXPECT_FALSE(local.RefusesOrigin(With({{"Host", host}}))) << host;
  }
  for (const char* host : {"example.org", "127.0.0.1.example.org", "localhost.example", "127.0.0.2", "[::2]", "", ":80",
                           "0.0.0.0", "xlocalhost"}) {
    EXPECT_TRUE(local.RefusesOrigin(With({{"Host", host}}))) << host;
    EXPECT_FALSE(open.RefusesOrigin(With({{"Host", host}}))) << host;
  }
  EXPECT_FALSE(local.RefusesOrigin(With({})));  // HTTP/1.0
}

TEST(Access, Origins_OnlyTheServersOwnAndThoseThatAreNamed) {
  const Access local({.cors_origins = {"http://app:3000"}});
  const auto refuses = [&](const char* origin) {
    return local.RefusesOrigin(With({{"Host", "localhost:8080"}, {"Origin", origin}})).has_value();
  };
  EXPECT_FALSE(refuses("http://localhost:8080"));
  EXPECT_FALSE(refuses("http://app:3000"));
  EXPECT_FALSE(refuses("HTTP://APP:3000"));
  for (const char* origin :
       {"http://localhost:9090", "http://app", "http://app:30000", "null", "https://evil.example"}) {
    EXPECT_TRUE(refuses(origin)) << origin;
  }
  const Access all({.cors_origins = {"*"}});
  EXPECT_FALSE(all.RefusesOrigin(With({{"Host", "localhost"}, {"Origin", "https://any.example"}})));
}

TEST(Access, Headers_OnlyForThoseThatAreNamed) {
  const Access local({.cors_origins = {"http://app"}});
  EXPECT_TRUE(local.Headers(With({})).empty());
  EXPECT_TRUE(local.Headers(With({{"Origin", "http://other"}})).empty());
  EXPECT_EQ(local.Headers(With({{"Origin", "http://app"}})).front().value, "http://app");
}

}  // namespace
}  // namespace cllm
