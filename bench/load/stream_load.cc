// stream-load: opens streams of server-sent events and checks every byte of text they carry.
//
//   stream-load --address 127.0.0.1:8080 --path /api/chat --format dramatis --streams 500
//               --body '{"message":"go","session_id":"load-%","stream":true}' --tokens 1024
//               [--header 'Authorization: Bearer local:u%'] [--spread-ms 2000] [--timeout-s 120]
//
// `%` in body and headers is the stream's number. The expected text is "t0 t1 ... " of `--tokens`
// tokens, as the provider double sends for {"count": n}. Prints one line of JSON: streams that were
// complete and exact, those that were not, events, and the time to the first text in microseconds
// (median, 95th percentile, greatest). Exit code 1 if any stream was not exact. One thread.

#include <algorithm>
#include <chrono>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/load/arguments.h"
#include "boost/asio/connect.hpp"
#include "boost/asio/io_context.hpp"
#include "boost/asio/ip/tcp.hpp"
#include "boost/asio/read.hpp"
#include "boost/asio/steady_timer.hpp"
#include "boost/asio/write.hpp"
#include "boost/beast/core.hpp"
#include "boost/beast/http.hpp"
#include "boost/json.hpp"
#include "shared/http/file_limit.h"

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace json = boost::json;
using asio::ip::tcp;
using SteadyClock = std::chrono::steady_clock;

struct Options {
  std::string address;
  std::string path = "/api/chat";
  std::string format = "dramatis";  // or openai
  std::string body;
  std::vector<std::string> headers;
  int streams = 1;
  int tokens = 1024;
  int spread_ms = 0;
  int timeout_s = 120;
};

struct Report {
  int exact = 0;
  int failed = 0;
  int open = 0;
  int most_open = 0;
  int64_t events = 0;
  std::vector<int64_t> first_text_us;
  std::map<std::string, int> failures;
};

std::string WithNumber(std::string text, int number) {
  const size_t at = text.find('%');
  if (at != std::string::npos) text.replace(at, 1, std::to_string(number));
  return text;
}

std::string ExpectedText(int tokens) {
  std::string text;
  for (int i = 0; i < tokens; ++i)
    text += "t" + std::to_string(i) + " ";
  return text;
}

std::string_view TrimEnd(std::string_view text) {
  while (!text.empty() && text.back() == ' ')
    text.remove_suffix(1);
  return text;
}

// The text that one event adds: nullopt where it adds none.
std::optional<std::string> EventText(const std::string& format,
                                     std::string_view event,
                                     std::string_view data) {
  if (format == "dramatis") {
    if (event != "delta" && event != "reset") return std::nullopt;
    return std::string(json::parse({data.data(), data.size()}).at("text").as_string());
  }
  if (data == "[DONE]") return std::nullopt;
  const json::value value = json::parse({data.data(), data.size()});
  const json::array& choices = value.at("choices").as_array();
  if (choices.empty()) return std::nullopt;
  const json::value* content = choices[0].at("delta").as_object().if_contains("content");
  if (content == nullptr || !content->is_string()) return std::nullopt;
  return std::string(content->as_string());
}

// One stream, from connect to its last event.
class Stream : public std::enable_shared_from_this<Stream> {
 public:
  Stream(asio::io_context& context,
         const Options& options,
         const std::string& expected,
         int number,
         Report& report)
      : stream_(context),
        timer_(context),
        options_(options),
        expected_(expected),
        number_(number),
        report_(report) {}

  void StartAfter(std::chrono::milliseconds delay, const tcp::endpoint& endpoint) {
    timer_.expires_after(delay);
    timer_.async_wait([self = shared_from_this(), endpoint](beast::error_code) {
      self->stream_.expires_after(std::chrono::seconds(self->options_.timeout_s));
      self->stream_.async_connect(endpoint, [self](beast::error_code error) {
        if (error) return self->End("connect: " + error.message());
        self->Send();
      });
    });
  }

 private:
  void Send() {
    stream_.socket().set_option(tcp::no_delay(true));
    ++report_.open;
    report_.most_open = std::max(report_.most_open, report_.open);
    opened_ = true;
    const std::string body = WithNumber(options_.body, number_);
    request_ = "POST " + options_.path + " HTTP/1.1\r\nHost: " + options_.address +
               "\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\n";
    for (const std::string& header : options_.headers) {
      request_ += WithNumber(header, number_) + "\r\n";
    }
    request_ += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    started_ = SteadyClock::now();
    asio::async_write(stream_, asio::buffer(request_),
                      [self = shared_from_this()](beast::error_code error, size_t) {
                        if (error) return self->End("write: " + error.message());
                        self->ReadHead();
                      });
  }

  void ReadHead() {
    parser_.body_limit(boost::none);
    http::async_read_header(stream_, buffer_, parser_,
                            [self = shared_from_this()](beast::error_code error, size_t) {
                              if (error) return self->End("head: " + error.message());
                              const unsigned status = self->parser_.get().result_int();
                              if (status / 100 != 2) {
                                return self->End("status " + std::to_string(status));
                              }
                              self->ReadSome();
                            });
  }

  void ReadSome() {
    parser_.get().body().data = chunk_;
    parser_.get().body().size = sizeof(chunk_);
    http::async_read_some(stream_, buffer_, parser_,
                          [self = shared_from_this()](beast::error_code error, size_t) {
                            if (error == http::error::need_buffer) error = {};
                            const size_t got = sizeof(chunk_) - self->parser_.get().body().size;
                            self->Take(std::string_view(self->chunk_, got));
                            if (self->ended_) return;
                            if (error) return self->End("read: " + error.message());
                            if (self->parser_.is_done()) return self->End(self->Verdict());
                            self->ReadSome();
                          });
  }

  void Take(std::string_view bytes) {
    pending_.append(bytes);
    size_t start = 0;
    for (size_t end; (end = pending_.find("\n\n", start)) != std::string::npos; start = end + 2) {
      TakeEvent(std::string_view(pending_).substr(start, end - start));
    }
    pending_.erase(0, start);
  }

  void TakeEvent(std::string_view block) {
    std::string_view event;
    std::string_view data;
    while (!block.empty()) {
      const size_t end = std::min(block.find('\n'), block.size());
      const std::string_view line = block.substr(0, end);
      block.remove_prefix(std::min(end + 1, block.size()));
      if (line.starts_with("event: ")) event = line.substr(7);
      if (line.starts_with("data: ")) data = line.substr(6);
    }
    if (data.empty()) return;
    ++report_.events;
    if (event == "error") return End("error event: " + std::string(data));
    if (event == "done" || data == "[DONE]") done_ = true;
    if (event == "reset") text_.clear();
    const std::optional<std::string> text = EventText(options_.format, event, data);
    if (!text.has_value() || text->empty()) return;
    if (text_.empty()) {
      const auto took = SteadyClock::now() - started_;
      report_.first_text_us.push_back(
          std::chrono::duration_cast<std::chrono::microseconds>(took).count());
    }
    text_ += *text;
  }

  std::string Verdict() const {
    if (!done_) return "ended early";
    return TrimEnd(text_) == TrimEnd(expected_) ? "" : "wrong text";
  }

  void End(const std::string& failure) {
    if (ended_) return;
    ended_ = true;
    if (opened_) --report_.open;
    if (failure.empty()) {
      ++report_.exact;
    } else {
      ++report_.failed;
      ++report_.failures[failure];
    }
    beast::error_code ignored;
    (void)stream_.socket().close(ignored);
  }

  beast::tcp_stream stream_;
  asio::steady_timer timer_;
  const Options& options_;
  const std::string& expected_;
  const int number_;
  Report& report_;
  std::string request_;
  beast::flat_buffer buffer_;
  http::response_parser<http::buffer_body> parser_;
  char chunk_[4096];
  std::string pending_;
  std::string text_;
  SteadyClock::time_point started_;
  bool opened_ = false;
  bool done_ = false;
  bool ended_ = false;
};

int64_t Percentile(std::vector<int64_t> values, int percent) {
  if (values.empty()) return -1;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, values.size() * percent / 100)];
}

bool Parse(int argc, char** argv, Options& options) {
  using dramatis::bench::Number;
  using dramatis::bench::Text;
  return dramatis::bench::ReadArguments({argv + 1, argv + argc},
                                        {{"--address", Text(options.address)},
                                         {"--path", Text(options.path)},
                                         {"--format", Text(options.format)},
                                         {"--body", Text(options.body)},
                                         {"--header", dramatis::bench::Texts(options.headers)},
                                         {"--streams", Number(options.streams)},
                                         {"--tokens", Number(options.tokens)},
                                         {"--spread-ms", Number(options.spread_ms)},
                                         {"--timeout-s", Number(options.timeout_s)}}) &&
         options.address.find(':') != std::string::npos && !options.body.empty();
}

void Print(const Report& report) {
  json::object failures;
  for (const auto& [what, count] : report.failures)
    failures[what] = count;
  std::cout << json::serialize(json::object{{"exact", report.exact},
                                            {"failed", report.failed},
                                            {"most_open", report.most_open},
                                            {"events", report.events},
                                            {"first_text_us",
                                             {{"median", Percentile(report.first_text_us, 50)},
                                              {"p95", Percentile(report.first_text_us, 95)},
                                              {"max", Percentile(report.first_text_us, 100)}}},
                                            {"failures", failures}})
            << '\n';
}

int Run(const Options& options) {
  asio::io_context context(1);
  tcp::resolver resolver(context);
  const size_t colon = options.address.rfind(':');
  const tcp::endpoint endpoint =
      resolver.resolve(options.address.substr(0, colon), options.address.substr(colon + 1))
          .begin()
          ->endpoint();
  const std::string expected = ExpectedText(options.tokens);
  Report report;
  for (int i = 0; i < options.streams; ++i) {
    const std::chrono::milliseconds delay(int64_t{options.spread_ms} * i / options.streams);
    std::make_shared<Stream>(context, options, expected, i, report)->StartAfter(delay, endpoint);
  }
  context.run();
  Print(report);
  return report.exact == options.streams ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!Parse(argc, argv, options)) {
    std::cerr << "usage: stream-load --address <host:port> --body <json> [--path <path>]\n"
                 "  [--format dramatis|openai] [--header <name: value>] [--streams <n>]\n"
                 "  [--tokens <n>] [--spread-ms <ms>] [--timeout-s <s>]\n";
    return 2;
  }
  dramatis::RaiseFileLimit();
  try {
    return Run(options);
  } catch (const std::exception& error) {
    std::cerr << "stream-load: " << error.what() << "\n";
    return 1;
  }
}
