// One HTTP/1.1 connection: reads requests one after the other, hands each to a task, writes its
// answer. What comes goes through a RequestReader, which bounds what a connection can hold; the
// loop around it is ours, so that a client that goes away is noticed while its request is worked
// on, pipelined requests wait in order, and an idle connection or an open stream holds no buffer. A
// client that only ends its own side (a half-close) still gets its answers. On its worker's thread
// only.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "shared/http/byte_stream.h"
#include "shared/http/limits.h"
#include "shared/http/request_reader.h"
#include "shared/http/responder.h"
#include "shared/http/worker.h"

namespace dramatis {

class HttpConnection : public HttpResponder, public std::enable_shared_from_this<HttpConnection> {
 public:
  // `tls` is null for plain HTTP.
  HttpConnection(boost::asio::ip::tcp::socket socket,
                 std::shared_ptr<const TlsContext> tls,
                 std::shared_ptr<HttpWorker> worker,
                 HttpHandler& handler,
                 const HttpLimits& limits);
  ~HttpConnection() override;

  // Begins to read. To be called once, on the worker's thread.
  void Open();
  // The same for a connection too many: writes this and ends. Over TLS it ends without a word,
  // which would cost a handshake.
  void OpenRefused(const HttpAnswer& answer);

  // For the worker.
  void Tick(MonotonicTime now);
  void Drain();
  void Cut();
  size_t place() const { return place_; }
  void set_place(size_t place) { place_ = place; }

  void Send(HttpAnswer answer) override;
  void StartStream(HttpAnswer head) override;
  bool Write(std::string frames) override;
  void EndStream() override;
  void BreakStream() override;
  void ReadOn() override;

 private:
  using ErrorCode = boost::system::error_code;

  enum class State {
    kHandshake,  // of TLS
    kReading,    // a request, or waits for one
    kTaking,     // a body, for a task that takes it in pieces
    kHandling,   // a task works; nothing of its answer is written
    kAnswering,  // an answer is being written
    kStreaming,  // a stream is open
    kLingering,  // our last byte is written; waits for the client to end
    kClosed,
  };

  // One step of the TLS handshake.
  void ShakeHands();
  void WaitForInput();
  void OnReadable(const ErrorCode& error);
  // The client sends no more: it has gone, or only waits for its answer.
  void OnInputEnded();
  // Asks for a sign of life: what is written comes back as an error where nobody is left.
  void Probe();
  // Reads what has come, as far as it is this request's turn.
  void Parse();
  // One step of it; false if more input is needed or it is no longer time to read.
  bool ParseSome();
  void OnHead();
  void Refuse(errors::v1::ErrorReason reason);
  void Dispatch();
  // Hands over what has come of a body that is taken in pieces.
  void HandOver();
  // The head has come, and a body follows; false where it is too large.
  bool AwaitBody(size_t most_bytes);
  void ResetForNext();

  // `framing` is the header line that says where the body ends; empty for none.
  void AppendHead(const HttpAnswer& answer, std::string_view framing);
  // Writes head_ and body_ (or static_body); true if the socket took all of it.
  bool Flush();
  // Goes on when the client takes more; cut where it takes nothing until `deadline`.
  void FlushLater(MonotonicTime deadline);
  void OnFlushed();
  void FinishAnswer();
  void Linger();
  void Close();

  ByteStream stream_;
  std::string peer_;  // its address
  const std::shared_ptr<HttpWorker> worker_;
  HttpHandler& handler_;
  const HttpLimits& limits_;
  size_t place_ = 0;

  State state_ = State::kReading;
  RequestReader reader_;
  bool parsing_ = false;
  bool waiting_ = false;  // for input, or for an error after its end
  bool input_ended_ = false;
  bool paused_ = false;  // the task takes nothing more of its body for now
  MonotonicTime probe_at_ = MonotonicTime::max();
  HttpRequest request_;
  std::shared_ptr<HttpTask> task_;
  MonotonicTime started_;   // of the request
  MonotonicTime deadline_;  // of the state, where it has one
  int status_ = 0;          // of the answer

  bool keep_alive_ = true;
  bool head_only_ = false;  // HEAD
  bool chunked_ = false;    // the stream
  bool stream_ending_ = false;
  bool writing_ = false;  // an asynchronous write is under way
  std::string head_;
  std::string body_;
  ByteStream::Buffers unwritten_;
};

}  // namespace dramatis
