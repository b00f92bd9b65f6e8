// provider-double: a model provider for tests. Speaks OpenAI's wire format as script.h says.
//
//   provider-double [--port 0] [--script file.json]
//
//   POST /v1/chat/completions, GET /v1/models   the provider
//   POST /script      {"default": step, "steps": [...]}: what the next requests get
//   GET  /requests    {count, open, completed, aborted, requests: [{authorization, body}]}
//   GET  /counts      the same without the requests
//   POST /release     lets one answer go on that holds
//   POST /reset       forgets requests and script
//
// Prints {"event":"listening","protocol":"http","address":"127.0.0.1:43121"} on standard error.

#include <charconv>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>

#include <sys/resource.h>

#include "boost/asio/io_context.hpp"
#include "boost/asio/ip/tcp.hpp"
#include "boost/asio/signal_set.hpp"
#include "tests/provider_double/session.h"

namespace {

using boost::asio::ip::tcp;
using dramatis::provider_double::Session;
using dramatis::provider_double::State;

int Usage() {
  std::cerr << "usage: provider-double [--port <port>] [--script <file>]\n";
  return 2;
}

// Thousands of streams need thousands of sockets.
void RaiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void Accept(tcp::acceptor& acceptor, State& state) {
  acceptor.async_accept([&](boost::system::error_code error, tcp::socket socket) {
    if (!error) std::make_shared<Session>(std::move(socket), state)->Start();
    if (acceptor.is_open()) Accept(acceptor, state);
  });
}

bool LoadScript(const std::string& path, State& state) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  const absl::Status loaded = state.script.Load(text.str());
  if (!loaded.ok()) std::cerr << path << ": " << loaded.message() << "\n";
  state.script.KeepDefault();
  return loaded.ok();
}

bool ReadPort(std::string_view text, uint16_t& port) {
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, port);
  return error == std::errc() && stopped == end;
}

int Run(int argc, char** argv) {
  State state;
  uint16_t port = 0;
  for (int i = 1; i < argc; i += 2) {
    const std::string option = argv[i];
    if (i + 1 == argc) return Usage();
    if (option == "--port") {
      if (!ReadPort(argv[i + 1], port)) return Usage();
    } else if (option == "--script") {
      if (!LoadScript(argv[i + 1], state)) return 2;
    } else {
      return Usage();
    }
  }
  RaiseFileLimit();
  boost::asio::io_context context(1);
  tcp::acceptor acceptor(context, {boost::asio::ip::address_v4::loopback(), port});
  boost::asio::signal_set signals(context, SIGINT, SIGTERM);
  signals.async_wait([&](boost::system::error_code, int) { context.stop(); });
  std::cerr << R"({"event":"listening","protocol":"http","address":"127.0.0.1:)"
            << acceptor.local_endpoint().port() << "\"}\n";
  Accept(acceptor, state);
  context.run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "provider-double: " << error.what() << "\n";
    return 1;
  }
}
