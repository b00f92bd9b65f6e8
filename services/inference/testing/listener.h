// A socket on loopback that listens on a port of its own, for servers that tests write by hand.
#pragma once

#include <cstdlib>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace dramatis::inference {

struct Listener {
  int socket = -1;  // the owner closes it
  int port = 0;
};

inline Listener ListenOnLoopback() {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener, generic, size) != 0 || listen(listener, SOMAXCONN) != 0 ||
      getsockname(listener, generic, &size) != 0) {
    std::abort();
  }
  return {listener, ntohs(address.sin_port)};
}

}  // namespace dramatis::inference
