#include "shared/sql/testing/test_gate.h"

#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace dramatis::sql {
namespace {

int ConnectTo(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return -1;
  const int fd = socket(found->ai_family, SOCK_STREAM, 0);
  const bool connected = fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) == 0;
  freeaddrinfo(found);
  if (connected) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

}  // namespace

TestGate::TestGate(std::string host, int port) : host_(std::move(host)), target_port_(port) {
  listener_ = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (listener_ < 0 || bind(listener_, generic, length) != 0 || listen(listener_, 64) != 0 ||
      getsockname(listener_, generic, &length) != 0) {
    throw std::runtime_error("the gate cannot listen");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Run(); });
}

TestGate::~TestGate() {
  ended_ = true;
  thread_.join();
  close(listener_);
}

void TestGate::Cut() {
  cut_ = true;
  while (cut_)
    std::this_thread::yield();
}

void TestGate::Close() {
  closed_ = true;
  Cut();
}

void TestGate::Stall() {
  stalled_ = true;
}

void TestGate::Open() {
  closed_ = false;
  stalled_ = false;
}

void TestGate::Accept() {
  const int client = accept(listener_, nullptr, nullptr);
  if (client < 0) return;
  const int server = closed_ ? -1 : ConnectTo(host_, target_port_);
  if (server < 0) {
    close(client);
    return;
  }
  ++accepted_;
  pairs_.push_back({client, server});
}

bool TestGate::Pump(int from, int to) {
  char buffer[65536];
  const ssize_t size = recv(from, buffer, sizeof(buffer), 0);
  if (size <= 0) return false;
  for (ssize_t sent = 0; sent < size;) {
    const ssize_t step = send(to, buffer + sent, size - sent, MSG_NOSIGNAL);
    if (step <= 0) return false;
    sent += step;
  }
  return true;
}

std::vector<pollfd> TestGate::Poll() const {
  constexpr int kTickMillis = 5;
  std::vector<pollfd> polled = {{listener_, POLLIN, 0}};
  if (!stalled_) {
    for (const Pair& pair : pairs_) {
      polled.push_back({pair.client, POLLIN, 0});
      polled.push_back({pair.server, POLLIN, 0});
    }
  }
  if (poll(polled.data(), polled.size(), kTickMillis) < 0) return {};
  return polled;
}

void TestGate::ClosePairs() {
  for (const Pair& pair : pairs_)
    ClosePair(pair);
  pairs_.clear();
}

void TestGate::ClosePair(const Pair& pair) {
  close(pair.client);
  close(pair.server);
}

void TestGate::PassOn(const std::vector<pollfd>& polled) {
  // First the listener, then the two sides of each pair, as far as they were asked for.
  std::vector<Pair> left;
  for (size_t i = 0; i < pairs_.size(); ++i) {
    const Pair& pair = pairs_[i];
    const size_t at = 1 + 2 * i;
    if (at + 1 >= polled.size() ||
        ((polled[at].revents == 0 || Pump(pair.client, pair.server)) &&
         (polled[at + 1].revents == 0 || Pump(pair.server, pair.client)))) {
      left.push_back(pair);
    } else {
      ClosePair(pair);
    }
  }
  pairs_ = std::move(left);
}

void TestGate::Run() {
  while (!ended_) {
    if (cut_) {
      ClosePairs();
      cut_ = false;
    }
    const std::vector<pollfd> polled = Poll();
    if (polled.empty()) continue;
    PassOn(polled);
    if ((polled[0].revents & POLLIN) != 0) Accept();
  }
  ClosePairs();
}

}  // namespace dramatis::sql
