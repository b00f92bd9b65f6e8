// The seam between a connection, which knows HTTP/1.1, and the work on one request, which knows the
// gateway. All of it happens on the connection's own thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "dramatis/errors/v1/errors.pb.h"

#include "shared/http/message.h"

namespace dramatis {

using MonotonicTime = std::chrono::steady_clock::time_point;

// Runs work on a connection's thread, from any thread; work posted after the server has ended is
// dropped.
using PostWork = std::function<void(std::function<void()>)>;

// The connection, for the task whose turn it is: one answer, or one stream.
class HttpResponder {
 public:
  virtual ~HttpResponder() = default;
  // The whole answer. The task is done with afterwards.
  virtual void Send(HttpAnswer answer) = 0;
  // The head of a streamed answer.
  virtual void StartStream(HttpAnswer head) = 0;
  // More of it. True if the socket took everything; false if HttpTask::Written will follow, before
  // which nothing more may be written.
  virtual bool Write(std::string frames) = 0;
  // The end of it. The task is done with afterwards.
  virtual void EndStream() = 0;
  // Ends it in its midst, by ending the connection, so that the client sees that something is
  // missing. The task is done with afterwards.
  virtual void BreakStream() = 0;
  // Of a body that comes in pieces, after HttpTask::Take has answered false: the next one may come,
  // which may be before this returns.
  virtual void ReadOn() = 0;
};

// The work on one request.
class HttpTask {
 public:
  virtual ~HttpTask() = default;
  // The whole request has come; of one whose body comes in pieces, its head.
  virtual void Start(HttpResponder& responder, const HttpRequest& request) = 0;
  // The next piece of such a body. False if no other may come before HttpResponder::ReadOn.
  virtual bool Take(std::string piece) = 0;
  // The body has come whole.
  virtual void TakeEnd() = 0;
  // What HttpResponder::Write could not write at once has been written.
  virtual void Written() = 0;
  // The server is about to end: what has no end of its own ends now. Not before Start.
  virtual void Drain() = 0;
  // Time passes; called every now and then (HttpLimits::tick) between Start and the end.
  virtual void Tick(MonotonicTime now) = 0;
  // The client sends nothing more: whether it is still there is only seen by writing to it. Between
  // StartStream and the end.
  virtual void Probe() = 0;
  // The client is gone, or is being cut: the responder must not be touched any more.
  virtual void Gone() = 0;
  // The answer where the server itself cannot go on with the request.
  virtual HttpAnswer Refused(errors::v1::ErrorReason reason) const = 0;
  // Header lines that belong on every answer.
  virtual void AppendHeaders(std::string& head) const = 0;
  // The answer has been written, or could not be (status 499): for log and metrics. What the
  // request's views pointed to goes now.
  virtual void Done(int status, std::chrono::steady_clock::duration took) = 0;
};

// Makes a task for each request. Thread-safe.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;

  struct Opened {
    std::shared_ptr<HttpTask> task;
    // Set: the answer is known before the body has come.
    std::optional<HttpAnswer> answer;
    // The most bytes of this request's body; 0 for the server's own limit.
    size_t body_bytes = 0;
    // Its body is handed over as it comes.
    bool in_pieces = false;
  };
  // The head of a request has come; its views last as long as the task. `post` reaches the thread
  // of its connection.
  virtual Opened Open(const HttpRequest& head, bool has_body, PostWork post) = 0;
  // The bytes are not a valid request; `head` holds what could be parsed. The task is only asked
  // for Refused.
  virtual std::shared_ptr<HttpTask> OpenRefused(const HttpRequest& head) = 0;
  // There are too many connections already: the whole answer to a further one.
  virtual HttpAnswer Overloaded() = 0;
  // A connection was opened (+1) or closed (-1).
  virtual void CountConnection(int by) = 0;
};

}  // namespace dramatis
