// A whole connection: bytes in, answers out, over a socket and through the real dispatcher.
// Whatever comes, every answer is one of HTTP/1.1's, and what the connection holds is bounded.
//
// The input is a part that is sent once and a part that is sent again and again: limits lie further
// away than a fuzzer's inputs are long. Its first byte says where the one ends, the second how
// often the other comes, as a power of two, and in which pieces.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <boost/asio/ip/tcp.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/testing/parts.h"
#include "shared/http/connection.h"
#include "shared/http/worker.h"

// What the heap holds, by the sanitizers' runtime. Its header is the compiler's own
// (sanitizer/allocator_interface.h), which no linter has.
// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming)
extern "C" size_t __sanitizer_get_current_allocated_bytes();

namespace dramatis::gateway {
namespace {

// The largest body, held twice while its string grows, and the answer; far below what is sent.
constexpr size_t kMostHeld = size_t{4} * 1024 * 1024;
constexpr size_t kMostSent = size_t{16} * 1024 * 1024;

TestParts& Parts() {
  static TestParts& parts = *new TestParts;
  return parts;
}

struct Input {
  std::string once;
  std::string again;
  size_t times = 0;
  size_t piece = 0;
};

Input Read(const uint8_t* data, size_t size) {
  Input input;
  const std::string bytes(reinterpret_cast<const char*>(data + 2), size - 2);
  const size_t end = bytes.size() * data[0] / 255;
  input.once = bytes.substr(0, end);
  input.again = bytes.substr(end);
  input.times = size_t{1} << (data[1] % 16);
  constexpr std::array<size_t, 4> kPieces = {1 << 16, 4096, 61, 7};
  input.piece = input.times * input.again.size() > 4096 ? kPieces[0] : kPieces[data[1] / 16 % 4];
  return input;
}

class Fuzzed {
 public:
  Fuzzed() {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) != 0) std::abort();
    client_ = ends[1];
    boost::asio::ip::tcp::socket socket(worker_->context());
    socket.assign(boost::asio::ip::tcp::v4(), ends[0]);
    connection_ = std::make_shared<HttpConnection>(std::move(socket), nullptr, worker_,
                                                   Parts().dispatcher, Parts().config.limits);
    connection_->Open();
  }
  ~Fuzzed() {
    close(client_);
    worker_->CutAll();
    Poll();
  }

  // False where the server has closed.
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(client_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent > 0) bytes.remove_prefix(static_cast<size_t>(sent));
      Poll();
      const size_t answered = Drain();
      if (sent <= 0 && answered == 0) return false;
    }
    return true;
  }
  void EndInput() {
    shutdown(client_, SHUT_WR);
    Poll();
    Drain();
  }

 private:
  void Poll() {
    worker_->context().restart();
    worker_->context().poll();
  }
  // Reads what is answered: it begins as an answer does.
  size_t Drain() {
    std::array<char, 65536> buffer;
    size_t all = 0;
    for (;;) {
      const ssize_t size = recv(client_, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (size <= 0) return all;
      if (first_ && std::string_view(buffer.data(), 9) != "HTTP/1.1 ") std::abort();
      first_ = false;
      all += static_cast<size_t>(size);
      Poll();
    }
  }

  const std::shared_ptr<HttpWorker> worker_ = std::make_shared<HttpWorker>(Parts().config.limits);
  std::shared_ptr<HttpConnection> connection_;
  int client_ = -1;
  bool first_ = true;
};

void Run(const Input& input) {
  Parts();  // made once, not by what came
  const size_t before = __sanitizer_get_current_allocated_bytes();
  Fuzzed connection;
  const auto send = [&](std::string_view bytes) {
    for (size_t at = 0; at < bytes.size(); at += input.piece) {
      if (!connection.Send(bytes.substr(at, input.piece))) return false;
      const size_t now = __sanitizer_get_current_allocated_bytes();
      if (now > before + kMostHeld) std::abort();
    }
    return true;
  };
  // In pieces of their own where they are short: what is parsed as it comes is a case.
  std::string more;
  for (size_t i = 0; i < input.times && more.size() < 65536; ++i)
    more += input.again;
  bool open = send(input.once);
  if (more.empty()) more = input.again;
  for (size_t sent = 0;
       open && !more.empty() && sent < input.times * input.again.size() && sent < kMostSent;
       sent += more.size()) {
    open = send(more);
  }
  if (open) connection.EndInput();
}

}  // namespace
}  // namespace dramatis::gateway

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  dramatis::gateway::Run(dramatis::gateway::Read(data, size));
  return 0;
}
