#include "serve/page_files.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "serve/testing/test_server.h"

namespace cllm {
namespace {

std::string Inflated(const std::string& gzip) {
  std::string text(1 << 20, '\0');
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(gzip.data()));
  stream.avail_in = static_cast<uInt>(gzip.size());
  stream.next_out = reinterpret_cast<unsigned char*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  inflateEnd(&stream);
  text.resize(text.size() - stream.avail_out);
  return text;
}

class PageOfServer : public testing::Test {
 protected:
  TestServer server_{SayingServed("speaker", "abc")};
};

TEST(AcceptEncoding, OnlyWhoTakesGzipGetsIt) {
  const auto accepts = [](const std::string& header) { return AcceptsGzip(&header); };
  for (const char* taken : {"gzip", "GZip", "x-gzip", "deflate, gzip;q=1.0", "br;q=1,gzip;q=0.001", "*", "br, *;q=0.1",
                            "gzip ; q=0.5", " gzip", "gzip;q=1, *;q=0"}) {
    EXPECT_TRUE(accepts(taken)) << taken;
  }
  for (const char* refused : {"", "identity", "br", "gzip;q=0", "gzip;q=0.000", "gzip;Q=0", "*;q=0", "gzipped",
                              "*, gzip;q=0", "gzip;q=0, *", ",", ";", "gz ip", "deflate;gzip"}) {
    EXPECT_FALSE(accepts(refused)) << refused;
  }
  EXPECT_FALSE(AcceptsGzip(nullptr));
}

TEST_F(PageOfServer, EveryFile_IsTheSamePlainAndPacked) {
  ASSERT_GE(PageFiles().size(), 4u);
  for (const PageFile& file : PageFiles()) {
    const std::string path(file.path);
    if (path.ends_with(".html") && path != kPlaygroundPage) continue;  // of another server
    const HttpReply plain = server_.Get(path), packed = server_.Get(path, "Accept-Encoding: gzip, br\r\n");
    EXPECT_EQ(plain.status, 200) << path;
    EXPECT_EQ(plain.Header("Content-Encoding"), "") << path;
    EXPECT_EQ(packed.Header("Content-Encoding"), "gzip") << path;
    EXPECT_EQ(Inflated(packed.body), plain.body) << path;
    EXPECT_EQ(plain.body.size(), file.bytes) << path;
    EXPECT_NE(plain.Header("ETag"), packed.Header("ETag")) << path;
    EXPECT_EQ(packed.Header("Vary"), "Accept-Encoding") << path;
  }
}

TEST_F(PageOfServer, TypesOfFiles) {
  EXPECT_EQ(server_.Get("/").Header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(server_.Get("/assets/playground.js").Header("Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(server_.Get("/assets/playground.css").Header("Content-Type"), "text/css; charset=utf-8");
  EXPECT_EQ(server_.Get("/assets/icon.svg").Header("Content-Type"), "image/svg+xml");
  EXPECT_EQ(server_.Get("/assets/licenses.txt").Header("Content-Type"), "text/plain; charset=utf-8");
}

TEST_F(PageOfServer, FileThatIsKnown_IsNotSentAgain) {
  const std::string plain = server_.Get("/").Header("ETag");
  const std::string packed = server_.Get("/", "Accept-Encoding: gzip\r\n").Header("ETag");
  for (const std::string& tags : {plain, packed, "W/" + plain, "\"x\", " + packed, std::string("*")}) {
    const HttpReply reply = server_.Get("/", "If-None-Match: " + tags + "\r\n");
    EXPECT_EQ(reply.status, 304) << tags;
    EXPECT_EQ(reply.body, "");
    EXPECT_EQ(reply.Header("Content-Length"), "");
    EXPECT_EQ(reply.Header("ETag"), plain);
    EXPECT_EQ(reply.Header("Cache-Control"), "no-cache");
  }
  const std::string bare = plain.substr(1, plain.size() - 2);
  for (const std::string& tags :
       {std::string("\"x\""), bare, std::string("\"\""), "\"" + bare + "x\"", std::string("W/")}) {
    EXPECT_EQ(server_.Get("/", "If-None-Match: " + tags + "\r\n").status, 200) << tags;
  }
}

TEST_F(PageOfServer, ConnectionGoesOnAfterA304) {
  HttpClient client(server_.port());
  client.Send(GetText("/", "If-None-Match: *\r\n") + GetText("/health"));
  EXPECT_EQ(client.Read().status, 304);
  EXPECT_EQ(client.Read().body, "{\"status\":\"ok\"}\n");
}

TEST_F(PageOfServer, PolicyIsStrict) {
  const std::string policy = server_.Get("/").Header("Content-Security-Policy");
  for (const char* rule : {"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'",
                           "frame-ancestors 'none'", "base-uri 'none'"}) {
    EXPECT_NE(policy.find(rule), policy.npos) << rule;
  }
  EXPECT_EQ(policy.find("unsafe"), policy.npos);
  const std::string page = server_.Get("/").body;
  EXPECT_EQ(page.find("<script>"), page.npos);
  EXPECT_EQ(page.find("<style"), page.npos);
  EXPECT_EQ(page.find("=\"/"), page.npos) << "addresses are relative, so that the page works below any path";
  EXPECT_EQ(page.find("://"), page.npos);
}

TEST_F(PageOfServer, IsThereWithoutAKey_AndWithinReachOfV1) {
  TestServer guarded(SayingServed("speaker", "abc"), {.access = {.api_key = "secret"}});
  for (const char* path : {"/", "/v1", "/v1/", "//", "/playground.html", "/v1/assets/playground.js", "/?x=y"}) {
    EXPECT_EQ(guarded.Get(path).status, 200) << path;
  }
  EXPECT_EQ(guarded.Get("/v1/models").status, 401);
  EXPECT_EQ(guarded.Get("/help").status, 200);
}

TEST_F(PageOfServer, OnlyItsFilesAreThere) {
  for (const char* path :
       {"/assets", "/assets/", "/assets/playground.js.map", "/assets/../../etc/passwd", "/Playground.html",
        "/assets/%2e%2e/playground.html", "/playground.html/x", "/index.html", "/dashboard.html"}) {
    EXPECT_EQ(server_.Get(path).status, 404) << path;
  }
  EXPECT_EQ(server_.Post("/", "{}").status, 405);
  EXPECT_EQ(Call(server_.port(), "HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n", true).status, 200);
  EXPECT_EQ(Call(server_.port(), "GET / HTTP/1.1\r\nHost: attacker.example\r\n\r\n").status, 403);
}

}  // namespace
}  // namespace cllm
