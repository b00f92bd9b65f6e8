#include "shared/http/worker.h"

#include <utility>

#include <boost/asio/post.hpp>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "shared/http/connection.h"

namespace dramatis {
namespace {

constexpr size_t kReadBytes = size_t{16} * 1024;

}  // namespace

HttpWorker::HttpWorker(const HttpLimits& limits)
    : limits_(limits), guard_(context_.get_executor()), timer_(context_) {
  scratch_.resize(kReadBytes);
}

HttpWorker::~HttpWorker() {
  Stop();
}

void HttpWorker::Start() {
  thread_ = std::thread([this] { context_.run(); });
}

void HttpWorker::Stop() {
  if (!thread_.joinable()) return;
  Post([this] {
    CutAll();
    timer_.cancel();
    // The loop ends by itself once the handlers of what was cut have run.
    guard_.reset();
  });
  {
    const absl::MutexLock lock(&mutex_);
    stopped_ = true;
  }
  thread_.join();
}

void HttpWorker::Post(std::function<void()> work) {
  const absl::MutexLock lock(&mutex_);
  if (!stopped_) boost::asio::post(context_, std::move(work));
}

void HttpWorker::Add(std::shared_ptr<HttpConnection> connection) {
  connection->set_place(connections_.size());
  connections_.push_back(std::move(connection));
  if (!ticking_) ScheduleTick();
}

void HttpWorker::Remove(HttpConnection& connection) {
  const size_t place = connection.place();
  std::swap(connections_[place], connections_.back());
  connections_[place]->set_place(place);
  connections_.pop_back();
}

void HttpWorker::ScheduleTick() {
  ticking_ = true;
  timer_.expires_after(limits_.tick);
  timer_.async_wait([this](boost::system::error_code error) {
    ticking_ = false;
    if (!error) Tick();
  });
}

void HttpWorker::Tick() {
  const MonotonicTime now = std::chrono::steady_clock::now();
  // Backwards: a connection that ends puts the last one in its place.
  for (size_t i = connections_.size(); i > 0; --i) {
    if (i > connections_.size()) continue;
    const std::shared_ptr<HttpConnection> connection = connections_[i - 1];
    connection->Tick(now);
  }
  if (!connections_.empty()) ScheduleTick();
}

void HttpWorker::Drain() {
  draining_ = true;
  for (size_t i = connections_.size(); i > 0; --i) {
    if (i > connections_.size()) continue;
    const std::shared_ptr<HttpConnection> connection = connections_[i - 1];
    connection->Drain();
  }
}

void HttpWorker::CutAll() {
  while (!connections_.empty()) {
    const std::shared_ptr<HttpConnection> connection = connections_.back();
    connection->Cut();
  }
}

const std::string& HttpWorker::date() {
  const absl::Time now = absl::Now();
  const int64_t second = absl::ToUnixSeconds(now);
  if (second != date_second_) {
    date_second_ = second;
    // IMF-fixdate (RFC 9110, section 5.6.7).
    date_ = absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", now, absl::UTCTimeZone());
  }
  return date_;
}

}  // namespace dramatis
