// HTTP requests whose answers stream, any number at once on one thread: libcurl's multi interface
// driven by Boost.Asio's event loop (https://curl.se/libcurl/c/libcurl-multi.html).
//
//   CurlLoop loop({});
//   const CurlLoop::TransferId id = loop.Start({.url = url, .body = json}, handler);
//   ...
//   loop.Cancel(id);
//
// Connections are kept alive and reused; TLS certificates are verified; redirects are not followed.
// The loop's thread is also a clock for whoever needs to wait (Timers). Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "shared/time/timer.h"

namespace dramatis::inference {

struct HttpTimeouts {
  absl::Duration connect = absl::Seconds(5);
  // From the start of the request to the first byte of the answer's body.
  absl::Duration first_byte = absl::Seconds(60);
  // The same where the server's address is a loopback or a private one: such servers load a model
  // when they are first asked for it.
  absl::Duration private_first_byte = absl::Seconds(300);
  // Between two pieces of the answer.
  absl::Duration idle = absl::Seconds(30);
  // For all of it.
  absl::Duration total = absl::InfiniteDuration();
};

// A POST.
struct HttpRequest {
  std::string url;
  std::vector<std::string> headers;  // `Name: value`
  std::string body;
  HttpTimeouts timeouts;
};

struct HttpHead {
  int status = 0;
  // As received; empty where there is none.
  std::string retry_after;
};

// How a transfer ended.
enum class HttpEnd {
  kComplete,       // the whole answer came
  kConnectFailed,  // no connection: refused, no such host, or TLS not trusted
  kTimedOut,       // one of HttpTimeouts
  kBroken,         // the connection broke, or what came is not HTTP
  kAborted,        // OnBody said so
};

// Takes an answer, on the loop's thread: must not block and must not throw.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  // Once, unless the transfer ends before.
  virtual void OnHead(const HttpHead& head) = 0;
  // Any number of times. False ends the transfer.
  virtual bool OnBody(std::string_view bytes) = 0;
  // Once, last; not after Cancel.
  virtual void OnEnd(HttpEnd end) = 0;
};

struct CurlLoopOptions {
  // A PEM file of certificate authorities to trust instead of the system's.
  std::string ca_file;
};

class CurlLoop : public Timers {
 public:
  using TransferId = int64_t;

  explicit CurlLoop(const CurlLoopOptions& options);
  // As Stop.
  ~CurlLoop() override;

  // Drops transfers and tasks under way, without OnEnd; nothing is called afterwards, and what is
  // started never begins.
  void Stop();

  // `handler` is kept until the transfer ends or is cancelled.
  TransferId Start(HttpRequest request, std::shared_ptr<HttpHandler> handler);
  // Closes the transfer's connection as soon as the loop gets to it; until then the handler may
  // still be called. Without effect after the end.
  void Cancel(TransferId id);

  void After(absl::Duration delay, std::function<void()> task) override;

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

// Whether a textual IP address is of this host or of a network of one's own (RFC 1918, 4193, 6598,
// 3927). False for what is no address.
bool IsPrivateAddress(const std::string& address);

// The delay that a Retry-After header means (RFC 9110, section 10.2.3): seconds, or a date against
// `now`. nullopt where it is neither.
std::optional<absl::Duration> ParseRetryAfter(const std::string& value, absl::Time now);

}  // namespace dramatis::inference
