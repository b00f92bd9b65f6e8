#include "gateway/testing/client.h"

#include <charconv>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/ascii.h"
#include "absl/time/clock.h"

namespace dramatis::gateway {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(10);

// The number that stands in a text at `at`; 0 where there is none.
template <class Type>
Type NumberAt(std::string_view text, size_t at) {
  Type number = 0;
  std::from_chars(text.data() + at, text.data() + text.size(), number);
  return number;
}

}  // namespace

RawClient::RawClient(const std::string& address) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(NumberAt<uint16_t>(address, address.rfind(':') + 1));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (socket_ < 0) return;
  connected_ = connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0;
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

RawClient::~RawClient() {
  Close();
}

void RawClient::Close() {
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
}

void RawClient::EndInput() const {
  shutdown(socket_, SHUT_WR);
}

void RawClient::Send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

bool RawClient::Fill(absl::Time deadline) {
  const int64_t left = absl::ToInt64Milliseconds(deadline - absl::Now());
  pollfd readable{socket_, POLLIN, 0};
  if (left <= 0 || poll(&readable, 1, static_cast<int>(left)) <= 0) return false;
  char bytes[65536];
  const ssize_t size = recv(socket_, bytes, sizeof(bytes), 0);
  if (size <= 0) return false;
  buffer_.append(bytes, static_cast<size_t>(size));
  return true;
}

std::string RawClient::Take(size_t size) {
  const absl::Time deadline = absl::Now() + kPatience;
  while (buffer_.size() < size && Fill(deadline)) {
  }
  std::string taken = buffer_.substr(0, size);
  buffer_.erase(0, taken.size());
  return taken;
}

std::string RawClient::ReadUntil(std::string_view needle) {
  const absl::Time deadline = absl::Now() + kPatience;
  while (buffer_.find(needle) == std::string::npos) {
    if (!Fill(deadline)) return Take(buffer_.size());
  }
  return Take(buffer_.find(needle) + needle.size());
}

RawReply RawClient::ReadHead() {
  RawReply reply;
  std::string head = ReadUntil("\r\n\r\n");
  if (head.size() < 12) return reply;
  reply.status = NumberAt<int>(head, 9);
  size_t at = head.find("\r\n") + 2;
  while (at < head.size()) {
    const size_t end = head.find("\r\n", at);
    const size_t colon = head.find(": ", at);
    if (end == std::string::npos || colon == std::string::npos || colon > end) break;
    reply.headers[absl::AsciiStrToLower(head.substr(at, colon - at))] =
        head.substr(colon + 2, end - colon - 2);
    at = end + 2;
  }
  return reply;
}

std::string RawClient::ReadChunk() {
  const std::string size = ReadUntil("\r\n");
  std::string content = Take(std::strtoul(size.c_str(), nullptr, 16));
  Take(2);
  return content;
}

RawReply RawClient::Read(bool head_only) {
  RawReply reply = ReadHead();
  if (head_only || reply.status == 204) return reply;
  if (reply.Has("content-length")) {
    reply.body = Take(NumberAt<size_t>(reply.headers["content-length"], 0));
  } else if (reply.Has("transfer-encoding")) {
    for (std::string chunk = ReadChunk(); !chunk.empty(); chunk = ReadChunk())
      reply.body += chunk;
  } else {
    const absl::Time deadline = absl::Now() + kPatience;
    while (Fill(deadline)) {
    }
    reply.body = Take(buffer_.size());
  }
  return reply;
}

bool RawClient::ClosesWithin(absl::Duration time) {
  const absl::Time deadline = absl::Now() + time;
  while (Fill(deadline)) {
  }
  return absl::Now() < deadline;
}

}  // namespace dramatis::gateway
