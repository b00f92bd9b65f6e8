// One connection to the provider double: reads requests, answers them as the script says.
//
// Everything runs on one thread. A session lives as long as an operation of its socket or timer is
// under way.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "boost/asio/ip/tcp.hpp"
#include "boost/asio/steady_timer.hpp"
#include "boost/beast/core/flat_buffer.hpp"
#include "boost/beast/http.hpp"
#include "tests/provider_double/completion.h"
#include "tests/provider_double/recorder.h"
#include "tests/provider_double/script.h"

namespace dramatis::provider_double {

// What all connections share.
struct State {
  Script script;
  Recorder recorder;
  int64_t next_id = 1;
  // Answers that came to a `hold` since the script came, and how many were told to go on.
  int64_t holds = 0;
  int64_t releases = 0;
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(boost::asio::ip::tcp::socket socket, State& state);
  void Start() { ReadRequest(); }

 private:
  using Then = std::function<void()>;

  void ReadRequest();
  void Route();
  void Control(const std::string& target);
  // Answers at once and reads the next request.
  void Answer(int status, const std::string& body, const std::string& extra_header = "");

  // Answers a request that the step refuses; false where it does not.
  bool Refuse(const absl::StatusOr<CompletionRequest>& request);
  // A completion: Begin, then Stream or Whole, then End.
  void Begin();
  void Whole();
  void Stream();
  // Writes what is due; comes back when more is.
  void Advance();
  // Waits until the hold of this number is released.
  void Hold(int64_t number);
  void AppendTail();
  void End();
  // The client has gone away, or the script says to.
  void Close();
  void WatchForClose();

  // Adds to what is to be sent, one HTTP chunk, up to where the script cuts.
  void AppendChunk(const std::string& body);
  void Append(const std::string& bytes);
  // Sends what was added, in the script's sizes.
  void Send(Then then);
  void Wait(std::chrono::milliseconds delay, Then then);

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  State& state_;
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;

  // Of the answer under way.
  bool answering_ = false;
  int64_t answer_ = 0;
  std::shared_ptr<const Step> step_;
  CompletionRequest request_;
  std::vector<Piece> pieces_;
  Dialect dialect_ = Dialect::kOpenAi;
  std::optional<ChunkWriter> chunks_;
  size_t position_ = 0;
  int tokens_ = 0;
  bool paused_ = false;  // the token at position_ has had its delay
  bool cut_ = false;
  size_t body_bytes_ = 0;
  std::string out_;
  size_t sent_ = 0;
};

}  // namespace dramatis::provider_double
