// What a client may ask of the HTTP server.
#pragma once

#include <chrono>
#include <cstddef>

namespace dramatis {

struct HttpLimits {
  size_t header_bytes = size_t{16} * 1024;
  size_t header_lines = 100;
  size_t body_bytes = size_t{1024} * 1024;
  // Received with a body and not its content: sizes and extensions of chunks, line ends, trailers.
  size_t framing_bytes = size_t{16} * 1024;
  int connections = 10'000;
  // From the first byte of a request, or from the connection on, to the end of its head.
  std::chrono::milliseconds header{10'000};
  // From there to the end of the body.
  std::chrono::milliseconds body{30'000};
  // Between requests.
  std::chrono::milliseconds idle{60'000};
  // Without a byte taken by a client that we write to.
  std::chrono::milliseconds write{30'000};
  // After a client has said that it will send no more, until it is asked whether it is still there.
  std::chrono::milliseconds half_closed{1'000};
  // After our last byte, for a client that still sends.
  std::chrono::milliseconds linger{2'000};
  // How often the limits are looked at; how exact they are.
  std::chrono::milliseconds tick{250};
};

}  // namespace dramatis
