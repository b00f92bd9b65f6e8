// One thread of the HTTP server: an event loop and the connections that live on it. A connection
// never changes its thread, so nothing of it is locked.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "shared/http/limits.h"
#include "shared/http/responder.h"

namespace dramatis {

class HttpConnection;

class HttpWorker : public std::enable_shared_from_this<HttpWorker> {
 public:
  explicit HttpWorker(const HttpLimits& limits);
  ~HttpWorker();

  void Start();
  // Cuts what connections are left, ends the loop and its thread.
  void Stop();

  boost::asio::io_context& context() { return context_; }
  // From any thread, also after Stop, when it does nothing.
  void Post(std::function<void()> work);

  // The connections there are, with those that have not been added yet. From any thread.
  int open() const { return open_; }
  // For a connection's constructor and destructor. From any thread.
  void CountOpen(int change) { open_ += change; }

  // On the worker's thread only:
  void Add(std::shared_ptr<HttpConnection> connection);
  void Remove(HttpConnection& connection);
  size_t connections() const { return connections_.size(); }
  // No further requests: idle connections and streams without an end of their own end now, the
  // others after their answer.
  void Drain();
  bool draining() const { return draining_; }
  // Ends every connection.
  void CutAll();
  // What a read may fill; used up before the next one.
  std::string& scratch() { return scratch_; }
  // The Date header's value.
  const std::string& date();

 private:
  using WorkGuard = boost::asio::executor_work_guard<boost::asio::io_context::executor_type>;

  void ScheduleTick();
  void Tick();

  const HttpLimits limits_;
  boost::asio::io_context context_{1};
  WorkGuard guard_;
  std::atomic<int> open_{0};
  boost::asio::steady_timer timer_;
  std::vector<std::shared_ptr<HttpConnection>> connections_;
  std::string scratch_;
  std::string date_;
  int64_t date_second_ = 0;
  bool draining_ = false;
  bool ticking_ = false;
  std::thread thread_;
  absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace dramatis
