// An HTTP server inside a test, on a port of its own: answers each request with the bytes that the
// test gave it, one connection after the other or several at once.
//
//   ScriptedServer server([](const ScriptedServer::Request& request) {
//     return ScriptedServer::Reply{.pieces = {"HTTP/1.1 200 OK\r\n...", "data: ..."}};
//   });
//   ... server.url() ...
//
// Thread-safe.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "services/inference/testing/listener.h"

namespace dramatis::inference {

class ScriptedServer {
 public:
  struct Request {
    std::string head;
    std::string body;
    int number = 0;      // over the server's life, from 0
    int connection = 0;  // the one it came on, from 0
  };
  struct Reply {
    std::vector<std::string> pieces;  // sent one by one
    enum class Then { kKeepOpen, kClose, kHang } then = Then::kKeepOpen;
  };
  using Handler = std::function<Reply(const Request&)>;

  explicit ScriptedServer(Handler handler) : handler_(std::move(handler)) {
    acceptor_ = std::thread([this] { Accept(); });
  }
  ~ScriptedServer() {
    stopping_ = true;
    shutdown(listener_.socket, SHUT_RDWR);
    acceptor_.join();
    close(listener_.socket);
    {
      const absl::MutexLock lock(&mutex_);
      for (const int connection : connections_)
        shutdown(connection, SHUT_RDWR);
    }
    for (std::thread& thread : threads_)
      thread.join();
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::string url() const { return absl::StrCat("http://127.0.0.1:", listener_.port, "/v1"); }
  int requests() const { return static_cast<int>(seen().size()); }
  // Every request so far.
  std::vector<Request> seen() const {
    const absl::MutexLock lock(&mutex_);
    return seen_;
  }
  // Waits until a client has closed its connection while the server hung.
  void AwaitHangUp() { hung_up_.WaitForNotification(); }

 private:
  void Accept() {
    for (int number = 0;; ++number) {
      const int connection = accept(listener_.socket, nullptr, nullptr);
      if (connection < 0 || stopping_) return;
      const int on = 1;
      setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      const absl::MutexLock lock(&mutex_);
      connections_.push_back(connection);
      threads_.emplace_back([this, connection, number] { Serve(connection, number); });
    }
  }

  void Serve(int connection, int number) {
    std::string buffer;
    Request request;
    request.connection = number;
    while (Read(connection, buffer, request)) {
      {
        const absl::MutexLock lock(&mutex_);
        request.number = static_cast<int>(seen_.size());
        seen_.push_back(request);
      }
      const Reply reply = handler_(request);
      for (const std::string& piece : reply.pieces) {
        if (send(connection, piece.data(), piece.size(), MSG_NOSIGNAL) < 0) break;
      }
      if (reply.then == Reply::Then::kClose) break;
      if (reply.then == Reply::Then::kHang) {
        char byte = 0;
        while (recv(connection, &byte, 1, 0) > 0) {
        }
        if (!hung_up_.HasBeenNotified()) hung_up_.Notify();
        break;
      }
    }
    // The descriptor itself is closed at the end, so that its number is not given out again.
    shutdown(connection, SHUT_RDWR);
    const absl::MutexLock lock(&mutex_);
    connections_.erase(std::find(connections_.begin(), connections_.end(), connection));
    close(connection);
  }

  // One request with a Content-Length.
  static bool Read(int connection, std::string& buffer, Request& request) {
    constexpr char kLength[] = "Content-Length: ";
    while (true) {
      const size_t end = buffer.find("\r\n\r\n");
      if (end != std::string::npos) {
        const size_t at = buffer.find(kLength);
        const size_t length = at < end ? std::stoul(buffer.substr(at + sizeof(kLength) - 1)) : 0;
        const size_t total = end + 4 + length;
        if (buffer.size() >= total) {
          request.head = buffer.substr(0, end);
          request.body = buffer.substr(end + 4, length);
          buffer.erase(0, total);
          return true;
        }
      }
      char bytes[4096];
      const ssize_t count = recv(connection, bytes, sizeof(bytes), 0);
      if (count <= 0) return false;
      buffer.append(bytes, static_cast<size_t>(count));
    }
  }

  const Handler handler_;
  const Listener listener_ = ListenOnLoopback();
  std::atomic<bool> stopping_{false};
  absl::Notification hung_up_;
  mutable absl::Mutex mutex_;
  std::vector<Request> seen_ ABSL_GUARDED_BY(mutex_);
  std::vector<int> connections_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
  std::thread acceptor_;
};

// An answer of one chunk of the body for each piece; `head` lines end with CRLF.
inline std::string ChunkedHead(const std::string& more = "") {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n" +
         more + "\r\n";
}
inline std::string Chunk(const std::string& body) {
  return absl::StrCat(absl::Hex(body.size()), "\r\n", body, "\r\n");
}
inline std::string LastChunk() {
  return "0\r\n\r\n";
}
// An answer with a status and a body.
inline std::string Plain(int status, const std::string& headers, const std::string& body) {
  return absl::StrCat("HTTP/1.1 ", status, " X\r\n", headers, "Content-Length: ", body.size(),
                      "\r\n\r\n", body);
}

}  // namespace dramatis::inference
