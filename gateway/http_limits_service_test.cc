// What a connection does with bytes, whatever they are: a table of what is sent and the verdict.
// Nothing more is sent than the table says, so that a verdict that comes has not waited for more.
#include <string>
#include <vector>

#include "gateway/testing/client.h"
#include "gateway/testing/services.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/http/request_reader.h"

namespace dramatis::gateway {
namespace {

using ::testing::HasSubstr;

constexpr char kLive[] = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr size_t kKiB = 1024;

// `unit` again and again, up to `size` bytes.
std::string Repeat(const std::string& unit, size_t size) {
  std::string text;
  while (text.size() < size)
    text += unit;
  return text;
}

std::string Chunked(const std::string& rest) {
  return "POST /api/personas HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
         "Transfer-Encoding: chunked\r\n\r\n" +
         rest;
}

std::string Get(const std::string& headers, const std::string& target = "/livez") {
  return "GET " + target + " HTTP/1.1\r\n" + headers + "\r\n";
}

struct Case {
  std::string name;
  std::string bytes;
  int status = 0;
  bool kept = false;  // the connection answers the next request
  std::string code;
};

void PrintTo(const Case& one, std::ostream* out) {
  *out << one.name;
}

std::vector<Case> Cases() {
  const std::string host = "Host: localhost\r\n";
  const std::string json = R"({"name":"Ada"})";
  const size_t much = 17 * kKiB;
  return {
      // What is neither head nor body ends after 16 KiB.
      {"ExtensionWithoutEnd", Chunked("1;x=" + Repeat("a", much)), 400, false, "MALFORMED_REQUEST"},
      {"ZerosAsSize", Chunked(Repeat("0", much)), 400, false, "MALFORMED_REQUEST"},
      {"ZerosBeforeSize", Chunked(Repeat("0", much) + "1\r\nx\r\n"), 400, false,
       "MALFORMED_REQUEST"},
      {"TrailersWithoutEnd", Chunked("0\r\n" + Repeat("X: y\r\n", much)), 400, false,
       "MALFORMED_REQUEST"},
      {"OneLongTrailer", Chunked("0\r\nX: " + Repeat("y", much)), 400, false, "MALFORMED_REQUEST"},
      {"ManyChunksWithExtensions", Chunked(Repeat("1;x=aaaaaaaa\r\n \r\n", 20 * kKiB)), 400, false,
       "MALFORMED_REQUEST"},
      {"TinyChunksOfALot", Chunked(Repeat("1\r\n \r\n", 24 * kKiB)), 400, false,
       "MALFORMED_REQUEST"},
      {"LongExtensionsOfLastChunk", Chunked("0;x=" + Repeat("a", much) + "\r\n\r\n"), 400, false,
       "MALFORMED_REQUEST"},
      {"ManyTrailers", Chunked("0\r\n" + Repeat("X: y\r\n", kKiB) + "\r\n"), 400, false,
       "MALFORMED_REQUEST"},
      // Less of it is taken.
      {"SomeOfEverything",
       Chunked("7;x=" + Repeat("a", 4 * kKiB) + "\r\n" + json.substr(0, 7) + "\r\n" +
               Repeat("0", kKiB) + "7\r\n" + json.substr(7) + "\r\n0\r\nX: " + Repeat("y", kKiB) +
               "\r\n\r\n"),
       201, true, ""},
      // Heads.
      {"OneLongHeader", Get(host + "X: " + Repeat("y", much) + "\r\n"), 431, false,
       "HEADER_TOO_LARGE"},
      {"HeaderWithoutEnd", "GET / HTTP/1.1\r\nX: " + Repeat("y", much), 431, false,
       "HEADER_TOO_LARGE"},
      {"ManyHeaders", Get(host + Repeat("X: y\r\n", kKiB)), 431, false, "HEADER_TOO_LARGE"},
      {"AsManyHeadersAsThereMayBe", Get(host + Repeat("X: y\r\n", 99 * 6)), 200, true, ""},
      {"LongTarget", Get(host, "/" + Repeat("a", 20 * kKiB)), 414, false, "URI_TOO_LONG"},
      {"TargetWithoutEnd", "GET /" + Repeat("a", much), 414, false, "URI_TOO_LONG"},
      {"LongQuery", Get(host, "/livez?" + Repeat("a", 20 * kKiB)), 414, false, "URI_TOO_LONG"},
      {"TargetThatLeavesNoRoom",
       Get(host + "X: " + Repeat("y", 2 * kKiB) + "\r\n", "/" + Repeat("a", 15 * kKiB)), 414, false,
       "URI_TOO_LONG"},
      {"VerbWithoutEnd", Repeat("A", much), 400, false, "MALFORMED_REQUEST"},
      // RFC 9112, 2.2: one empty line before a request is passed over.
      {"OneEmptyLineBefore", std::string("\r\n") + kLive, 200, true, ""},
      {"TwoEmptyLinesBefore", std::string("\r\n\r\n") + kLive, 400, false, "MALFORMED_REQUEST"},
      {"EmptyLinesForEver", Repeat("\r\n", much), 400, false, "MALFORMED_REQUEST"},
      {"BareLineFeedBefore", std::string("\n") + kLive, 400, false, "MALFORMED_REQUEST"},
      // Framing that is not ours.
      {"Http10WithTransferEncoding",
       "POST /api/personas HTTP/1.0\r\nContent-Type: application/json\r\n"
       "Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
       400, false, "MALFORMED_REQUEST"},
      {"ContentLengthBesideChunked",
       "POST /api/personas HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
       "Transfer-Encoding: chunked\r\n\r\n{}",
       400, false, "MALFORMED_REQUEST"},
      {"NegativeLength",
       "POST /api/personas HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400, false,
       "MALFORMED_REQUEST"},
      {"LengthThatOverflows",
       "POST /api/personas HTTP/1.1\r\nHost: localhost\r\n"
       "Content-Length: 99999999999999999999999\r\n\r\n",
       400, false, "MALFORMED_REQUEST"},
      {"ChunkSizeThatOverflows", Chunked("11111111111111111\r\n"), 400, false, "MALFORMED_REQUEST"},
      {"ChunkOverTheLimit", Chunked("100001\r\n"), 413, false, "BODY_TOO_LARGE"},
      {"ChunkWithoutItsEnd", Chunked("2\r\n{}xxxx\r\n"), 400, false, "MALFORMED_REQUEST"},
      // Hosts that are none.
      {"NoHost", Get(""), 400, false, "MALFORMED_REQUEST"},
      {"EmptyHost", Get("Host:\r\n"), 400, false, "MALFORMED_REQUEST"},
      {"TwoHosts", Get(host + host), 400, false, "MALFORMED_REQUEST"},
      {"HostWithUser", Get("Host: me@localhost\r\n"), 400, false, "MALFORMED_REQUEST"},
      {"HostWithPath", Get("Host: localhost/a\r\n"), 400, false, "MALFORMED_REQUEST"},
      {"HostWithBlank", Get("Host: local host\r\n"), 400, false, "MALFORMED_REQUEST"},
      {"HostWithWordAsPort", Get("Host: localhost:http\r\n"), 400, false, "MALFORMED_REQUEST"},
      {"HostOfTwo", Get("Host: localhost, localhost\r\n"), 400, false, "MALFORMED_REQUEST"},
      {"HostWithOpenBracket", Get("Host: [::1\r\n"), 400, false, "MALFORMED_REQUEST"},
      {"HostWithBracketsAroundAName", Get("Host: [localhost]\r\n"), 400, false,
       "MALFORMED_REQUEST"},
      {"TargetWithUser", Get(host, "http://me@localhost/livez"), 400, false, "MALFORMED_REQUEST"},
      {"TargetWithoutHost", Get(host, "http:///livez"), 400, false, "MALFORMED_REQUEST"},
      {"SchemeInCapitals", Get(host, "HTTP://LOCALHOST/livez"), 200, true, ""},
      {"Pipelined", std::string(kLive), 200, true, ""},
  };
}

class HttpLimitsServiceTest : public ::testing::TestWithParam<Case> {
 protected:
  static GatewayConfig Patient() {
    GatewayConfig config = QuickConfig();
    // A verdict comes because of the bytes, never because of a time-out.
    config.limits.header = config.limits.body = config.limits.idle = std::chrono::minutes(5);
    return config;
  }
  static TestGateway& Gateway() {
    static TestGateway& gateway = *new TestGateway(Patient());
    return gateway;
  }
};

TEST_P(HttpLimitsServiceTest, HasItsVerdict) {
  const Case& one = GetParam();
  for (const size_t piece : {one.bytes.size(), size_t{6}}) {
    RawClient client(Gateway().address());
    for (size_t at = 0; at < one.bytes.size(); at += piece)
      client.Send(std::string_view(one.bytes).substr(at, piece));
    const RawReply reply = client.Read();
    EXPECT_EQ(reply.status, one.status) << piece;
    if (!one.code.empty()) {
      EXPECT_THAT(reply.body, HasSubstr(R"("code":")" + one.code + "\"")) << piece;
    }
    client.Send(kLive);
    EXPECT_EQ(client.Read().status, one.kept ? 200 : 0) << piece;
  }
}

INSTANTIATE_TEST_SUITE_P(Bytes,
                         HttpLimitsServiceTest,
                         ::testing::ValuesIn(Cases()),
                         [](const auto& info) { return info.param.name; });

// The reader alone: how a request is cut into pieces changes nothing.
TEST(RequestReaderTest, SaysTheSameHoweverTheBytesAreCut) {
  const HttpLimits limits;
  const auto refusal = [&](const std::string& bytes, size_t piece) {
    RequestReader reader(limits);
    for (size_t at = 0; at < bytes.size(); at += piece) {
      reader.Append(std::string_view(bytes).substr(at, piece));
      while (reader.Next() == RequestReader::Step::kHead) {
      }
      if (reader.whole() && reader.head_seen()) break;
    }
    return reader.refusal();
  };
  for (const Case& one : Cases()) {
    const errors::v1::ErrorReason whole = refusal(one.bytes, one.bytes.size());
    for (const size_t piece : {1, 2, 6, 7, 1000})
      EXPECT_EQ(refusal(one.bytes, piece), whole) << one.name << " by " << piece;
  }
}

// The reader alone: what it holds does not grow, whatever comes and however long.
TEST(RequestReaderTest, HoldsNoMoreThanTheLimits) {
  const HttpLimits limits;
  for (const char* unit : {"a", "0", "X: y\r\n", "\r\n", "1;x=y\r\n \r\n", "GET ", "1\r\n \r\n"}) {
    for (const std::string& prefix : {std::string(), std::string("GET / HTTP/1.1\r\n"), Chunked(""),
                                      Chunked("1;x="), Chunked("0\r\n"), Chunked("1\r\n \r\n")}) {
      RequestReader reader(limits);
      reader.Append(prefix);
      auto step = RequestReader::Step::kNeedMore;
      size_t sent = 0;
      for (; sent < 8 * kKiB * kKiB && step != RequestReader::Step::kRefused; sent += kKiB) {
        reader.Append(Repeat(unit, kKiB));
        while ((step = reader.Next()) == RequestReader::Step::kHead) {
        }
        if (step == RequestReader::Step::kWhole) break;
        ASSERT_LE(reader.waiting(), 64 * kKiB) << prefix << unit;
      }
      EXPECT_NE(step, RequestReader::Step::kNeedMore) << prefix << unit;
    }
  }
}

}  // namespace
}  // namespace dramatis::gateway
