// A client for tests that writes and reads bytes, so that it can do what proper clients don't.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace dramatis::gateway {

struct RawReply {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;                            // chunks joined

  bool Has(const std::string& name) const { return headers.contains(name); }
};

// Each read waits at most some seconds; what did not come then is missing from what it returns.
class RawClient {
 public:
  // `address` is `127.0.0.1:port`.
  explicit RawClient(const std::string& address);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  void Send(std::string_view bytes) const;
  // Everything up to and with `needle`.
  std::string ReadUntil(std::string_view needle);
  // One whole answer; `head_only` for the answer to HEAD.
  RawReply Read(bool head_only = false);
  // Head of an answer whose body follows.
  RawReply ReadHead();
  // The content of the next chunk; empty at the end.
  std::string ReadChunk();
  // Whether the server ends the connection within `time`, apart from bytes that come before.
  bool ClosesWithin(absl::Duration time);
  void Close();
  // Sends no more, and still reads.
  void EndInput() const;

 private:
  bool Fill(absl::Time deadline);
  std::string Take(size_t size);

  int socket_ = -1;
  bool connected_ = false;
  std::string buffer_;
};

}  // namespace dramatis::gateway
