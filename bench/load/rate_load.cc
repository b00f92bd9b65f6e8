// rate-load: asks so many times a second, however long the answers take, as a crowd does.
//
//   rate-load --address 127.0.0.1:8080 --path /api/personas --rate 10000 --connections 256
//             --seconds 5 [--method POST --body '{"message":"go %"}']
//             [--header 'Authorization: ...%']
//
// `%` in path, body and headers is the request's number, `%h` the same as two groups of an IPv6
// address. A request is due at its time and is sent then
// if a connection is free; else it waits, and its wait is part of what it took. Without --rate each
// connection asks again as soon as it was answered: as much as the server gives. Prints one line of
// JSON: for each status how many, how many of them before the end, and how long they took
// (milliseconds: median, 95th and 99th percentile, greatest) from when each was sent, how late they
// were sent, and how many were never sent. Connections stay open; one that the server closes is
// opened again. One thread.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/load/arguments.h"
#include "boost/asio/connect.hpp"
#include "boost/asio/io_context.hpp"
#include "boost/asio/ip/tcp.hpp"
#include "boost/asio/steady_timer.hpp"
#include "boost/asio/write.hpp"
#include "boost/json.hpp"
#include "shared/http/file_limit.h"

namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using asio::ip::tcp;
using boost::system::error_code;
using dramatis::bench::LeadingNumber;
using SteadyClock = std::chrono::steady_clock;

struct Options {
  std::string address;
  std::string method = "GET";
  std::string path = "/";
  std::string body;
  std::vector<std::string> headers;
  int rate = 0;
  int connections = 64;
  double seconds = 5;
};

std::string WithNumber(std::string text, int64_t number) {
  char groups[16];
  std::snprintf(groups, sizeof(groups), "%x:%x", static_cast<unsigned>(number >> 16) & 0xFFFF,
                static_cast<unsigned>(number) & 0xFFFF);
  for (size_t at; (at = text.find("%h")) != std::string::npos;)
    text.replace(at, 2, groups);
  for (size_t at; (at = text.find('%')) != std::string::npos;)
    text.replace(at, 1, std::to_string(number));
  return text;
}

class Load;

// One connection, which has one request at a time.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(asio::io_context& context, Load& load) : socket_(context), load_(load) {}

  void Connect();
  void Ask(const std::string& request);

 private:
  void Read();
  // Whether the answer is whole; `status_` and `keeps_` are those of it then.
  bool IsWhole();
  void End(int status);

  tcp::socket socket_;
  Load& load_;
  std::string request_;
  std::string answer_;
  char piece_[16384];
  SteadyClock::time_point sent_;
  int status_ = 0;
  bool keeps_ = true;
};

class Load {
 public:
  Load(const Options& options, tcp::endpoint endpoint)
      : options_(options), endpoint_(std::move(endpoint)), timer_(context_) {}

  int Run() {
    for (int i = 0; i < options_.connections; ++i)
      std::make_shared<Connection>(context_, *this)->Connect();
    // All are open before the first request is due.
    while (connected_ < options_.connections && failures_ < options_.connections)
      context_.run_one();
    started_ = SteadyClock::now();
    end_ = started_ + std::chrono::microseconds(static_cast<int64_t>(options_.seconds * 1e6));
    context_.restart();
    Tick();
    context_.run();
    Print();
    return taken_.empty() ? 1 : 0;
  }

  const tcp::endpoint& endpoint() const { return endpoint_; }

  void Connected(const std::shared_ptr<Connection>& connection) {
    ++connected_;
    Free(connection);
  }
  void Free(const std::shared_ptr<Connection>& connection) {
    free_.push_back(connection);
    if (started_ != SteadyClock::time_point()) SendDue();
  }
  void Failed() { ++failures_; }
  bool over() const { return SteadyClock::now() >= end_; }
  void Took(int status, SteadyClock::duration time) {
    if (!over()) ++in_time_[status];
    taken_[status].push_back(std::chrono::duration_cast<std::chrono::microseconds>(time).count());
  }

 private:
  void Tick() {
    SendDue();
    if (over()) {
      never_sent_ = options_.rate > 0 ? Due() - number_ : 0;
      free_.clear();
      // What is under way may still be answered.
      timer_.expires_after(std::chrono::seconds(5));
      timer_.async_wait([this](const error_code&) { context_.stop(); });
      return;
    }
    timer_.expires_after(std::chrono::microseconds(500));
    timer_.async_wait([this](const error_code&) { Tick(); });
  }

  // How many requests were due until now.
  int64_t Due() const {
    const auto since = std::min(SteadyClock::now(), end_) - started_;
    return static_cast<int64_t>(std::chrono::duration<double>(since).count() * options_.rate);
  }

  void SendDue() {
    if (over()) return;
    while (!free_.empty() && (options_.rate == 0 || number_ < Due())) {
      const std::shared_ptr<Connection> connection = free_.front();
      free_.pop_front();
      if (options_.rate > 0) {
        const auto due = started_ + std::chrono::microseconds(number_ * 1'000'000 / options_.rate);
        late_.push_back(
            std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now() - due)
                .count());
      }
      connection->Ask(RequestText(++number_));
    }
  }

  std::string RequestText(int64_t number) const {
    std::string text = options_.method + " " + WithNumber(options_.path, number) +
                       " HTTP/1.1\r\nHost: " + options_.address + "\r\n";
    for (const std::string& header : options_.headers)
      text += WithNumber(header, number) + "\r\n";
    if (options_.method == "GET") return text + "\r\n";
    const std::string body = WithNumber(options_.body, number);
    return text +
           "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
  }

  static json::object Times(std::vector<int64_t>& micros) {
    std::sort(micros.begin(), micros.end());
    const auto at = [&](size_t percent) {
      return static_cast<double>(
                 micros[std::min(micros.size() - 1, micros.size() * percent / 100)]) /
             1000;
    };
    return {{"count", micros.size()},
            {"median_ms", at(50)},
            {"p95_ms", at(95)},
            {"p99_ms", at(99)},
            {"max_ms", static_cast<double>(micros.back()) / 1000}};
  }

  void Print() {
    json::object statuses;
    for (auto& [status, micros] : taken_) {
      json::object& times = statuses[std::to_string(status)].emplace_object();
      times = Times(micros);
      times["in_time"] = in_time_[status];
    }
    json::object report{{"seconds", options_.seconds},
                        {"statuses", statuses},
                        {"never_sent", never_sent_},
                        {"failures", failures_}};
    if (!late_.empty()) report["late"] = Times(late_);
    std::cout << json::serialize(report) << '\n';
  }

  const Options& options_;
  const tcp::endpoint endpoint_;
  asio::io_context context_{1};
  asio::steady_timer timer_;
  std::deque<std::shared_ptr<Connection>> free_;
  std::map<int, std::vector<int64_t>> taken_;
  std::map<int, int64_t> in_time_;  // of those, before the end
  std::vector<int64_t> late_;
  SteadyClock::time_point started_;
  SteadyClock::time_point end_ = SteadyClock::time_point::max();
  int64_t number_ = 0;
  int64_t never_sent_ = 0;
  int connected_ = 0;
  int failures_ = 0;
};

void Connection::Connect() {
  socket_.async_connect(load_.endpoint(), [self = shared_from_this()](const error_code& error) {
    if (error) return self->load_.Failed();
    error_code ignored;
    (void)self->socket_.set_option(tcp::no_delay(true), ignored);
    self->load_.Connected(self);
  });
}

void Connection::Ask(const std::string& request) {
  request_ = request;
  answer_.clear();
  status_ = 0;
  sent_ = SteadyClock::now();
  asio::async_write(socket_, asio::buffer(request_),
                    [self = shared_from_this()](const error_code& error, size_t) {
                      if (error) return self->End(0);
                      self->Read();
                    });
}

void Connection::Read() {
  socket_.async_read_some(asio::buffer(piece_),
                          [self = shared_from_this()](const error_code& error, size_t bytes) {
                            self->answer_.append(self->piece_, bytes);
                            if (self->IsWhole()) return self->End(self->status_);
                            if (error) return self->End(0);
                            self->Read();
                          });
}

bool Connection::IsWhole() {
  const size_t head = answer_.find("\r\n\r\n");
  if (head == std::string::npos || answer_.size() < 12) return false;
  status_ = LeadingNumber<int>(std::string_view(answer_).substr(9));
  std::string lower = answer_.substr(0, head);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  keeps_ = lower.find("\r\nconnection: close") == std::string::npos;
  const size_t length = lower.find("\r\ncontent-length:");
  if (length == std::string::npos) {
    // A stream, or nothing at all.
    return lower.find("transfer-encoding: chunked") == std::string::npos ||
           answer_.ends_with("0\r\n\r\n");
  }
  return answer_.size() >=
         head + 4 + LeadingNumber<size_t>(std::string_view(lower).substr(length + 17));
}

void Connection::End(int status) {
  load_.Took(status, SteadyClock::now() - sent_);
  if (load_.over()) return;
  if (status != 0 && keeps_) return load_.Free(shared_from_this());
  error_code ignored;
  (void)socket_.close(ignored);
  socket_.async_connect(load_.endpoint(), [self = shared_from_this()](const error_code& error) {
    if (error) return self->load_.Failed();
    self->load_.Free(self);
  });
}

bool Parse(int argc, char** argv, Options& options) {
  using dramatis::bench::Number;
  using dramatis::bench::Text;
  return dramatis::bench::ReadArguments({argv + 1, argv + argc},
                                        {{"--address", Text(options.address)},
                                         {"--method", Text(options.method)},
                                         {"--path", Text(options.path)},
                                         {"--body", Text(options.body)},
                                         {"--header", dramatis::bench::Texts(options.headers)},
                                         {"--rate", Number(options.rate)},
                                         {"--connections", Number(options.connections)},
                                         {"--seconds", Number(options.seconds)}}) &&
         options.address.find(':') != std::string::npos && options.seconds > 0 &&
         options.seconds <= 60;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!Parse(argc, argv, options)) {
    std::cerr << "usage: rate-load --address <host:port> [--method <verb>] [--path <path>]\n"
                 "  [--body <json>] [--header <name: value>]... [--rate <requests/s>]\n"
                 "  [--connections <n>] [--seconds <at most 60>]\n";
    return 2;
  }
  dramatis::RaiseFileLimit();
  try {
    const size_t colon = options.address.rfind(':');
    const tcp::endpoint endpoint(asio::ip::make_address(options.address.substr(0, colon)),
                                 LeadingNumber<uint16_t>(options.address.substr(colon + 1)));
    return Load(options, endpoint).Run();
  } catch (const std::exception& error) {
    std::cerr << "rate-load: " << error.what() << "\n";
    return 1;
  }
}
