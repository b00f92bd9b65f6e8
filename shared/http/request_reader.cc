#include "shared/http/request_reader.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include "shared/http/head.h"

namespace dramatis {
namespace {

namespace http = boost::beast::http;

// Larger buffers are given back with their request.
constexpr size_t kKeptBytes = size_t{2} * 1024;
constexpr std::string_view kLastChunk = "0\r\n\r\n";
constexpr std::string_view kLineEnd = "\r\n";

std::string_view View(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

size_t CountFields(const http::fields& fields) {
  return static_cast<size_t>(std::distance(fields.begin(), fields.end()));
}

}  // namespace

RequestReader::RequestReader(const HttpLimits& limits) : limits_(limits) {
  Reset();
}

void RequestReader::Reset() {
  parser_.emplace();
  // Ours count the head as a whole and come first; Beast's counts what is not parsed yet.
  parser_->header_limit(static_cast<uint32_t>(2 * limits_.header_bytes));
  // How much a body may have is known once its head is: see LimitBody. Nothing is kept for it
  // before.
  parser_->body_limit(boost::none);
  head_seen_ = false;
  line_skipped_ = false;
  if (input_.empty() && input_.capacity() > kKeptBytes) input_ = {};
  head_bytes_ = 0;
  body_bytes_ = 0;
  taken_bytes_ = 0;
  head_fields_ = 0;
  refusal_ = errors::v1::ERROR_REASON_UNSPECIFIED;
}

bool RequestReader::LimitBody(size_t bytes) {
  const size_t most = bytes > 0 ? bytes : limits_.body_bytes;
  parser_->body_limit(most);
  const auto announced = parser_->content_length();
  return !announced.has_value() || *announced <= most;
}

RequestReader::Step RequestReader::Next() {
  if (refusal_ != errors::v1::ERROR_REASON_UNSPECIFIED) return Step::kRefused;
  if (parser_->is_done() && head_seen_) return Step::kWhole;
  return head_seen_ ? ReadBody() : ReadHead();
}

// RFC 9112, 2.2: an empty line before the request line is passed over. One of them.
bool RequestReader::SkipEmptyLine() {
  if (head_bytes_ > 0 || line_skipped_ || input_.empty() || input_[0] != '\r') return true;
  if (input_.size() < kLineEnd.size()) return false;
  if (!input_.starts_with(kLineEnd)) return true;  // for the parser to refuse
  input_.erase(0, kLineEnd.size());
  line_skipped_ = true;
  return true;
}

bool RequestReader::Parse(size_t& used) {
  boost::system::error_code error;
  used = parser_->put(boost::asio::buffer(input_), error);
  input_.erase(0, used);
  (head_seen_ ? body_bytes_ : head_bytes_) += used;
  if (!error || error == http::error::need_more) return true;
  if (error == http::error::body_limit) {
    Refuse(errors::v1::ERROR_REASON_BODY_TOO_LARGE);
  } else if (error == http::error::header_limit) {
    Refuse(HeadTooLarge());
  } else {
    Refuse(errors::v1::ERROR_REASON_MALFORMED_REQUEST);
  }
  return false;
}

RequestReader::Step RequestReader::ReadHead() {
  if (!SkipEmptyLine() || input_.empty()) return Step::kNeedMore;
  size_t used = 0;
  if (!Parse(used)) return Step::kRefused;
  const bool complete = parser_->is_header_done();
  const size_t received = head_bytes_ + (complete ? 0 : input_.size());
  if (received > limits_.header_bytes) return Refuse(HeadTooLarge());
  head_fields_ = CountFields(parser_->get());
  if (head_fields_ > limits_.header_lines) {
    return Refuse(errors::v1::ERROR_REASON_HEADER_TOO_LARGE);
  }
  if (!complete) return Step::kNeedMore;
  head_seen_ = true;
  return Step::kHead;
}

RequestReader::Step RequestReader::ReadBody() {
  // Beast asserts that it is not asked again about a last chunk with fewer bytes than one has; nor
  // can there be fewer before the end of any body in chunks.
  const size_t fewest = parser_->chunked() ? kLastChunk.size() : 1;
  while (input_.size() >= fewest && !parser_->is_done()) {
    size_t used = 0;
    if (!Parse(used)) return Step::kRefused;
    if (framing() > limits_.framing_bytes) {
      return Refuse(errors::v1::ERROR_REASON_MALFORMED_REQUEST);
    }
    if (used == 0) break;
  }
  if (!parser_->is_done()) return Step::kNeedMore;
  // The parser adds trailers to the head's fields.
  if (CountFields(parser_->get()) > head_fields_ + limits_.header_lines) {
    return Refuse(errors::v1::ERROR_REASON_MALFORMED_REQUEST);
  }
  return Step::kWhole;
}

size_t RequestReader::framing() const {
  // Of what waits only a body that has not ended can be: behind its end is the next request.
  const size_t waiting = parser_->is_done() || !parser_->chunked() ? 0 : input_.size();
  return body_bytes_ + waiting - taken_bytes_ - body().size();
}

std::string RequestReader::TakeBody() {
  std::string taken = std::exchange(parser_->get().body(), {});
  taken_bytes_ += taken.size();
  return taken;
}

errors::v1::ErrorReason RequestReader::HeadTooLarge() const {
  // Whose fault it is: the target's, where it is most of what came. The parser may not have taken
  // the request line yet, though it has come: then it stands in the input, maybe without its end.
  std::string_view target = View(parser_->get().target());
  if (head_bytes_ == 0) {
    const std::string_view line = std::string_view(input_).substr(0, input_.find(kLineEnd));
    constexpr size_t kLongestVerb = 32;
    const size_t verb = line.find(' ');
    if (verb > kLongestVerb) return errors::v1::ERROR_REASON_MALFORMED_REQUEST;
    target = line.substr(verb + 1);
  }
  return target.size() > limits_.header_bytes / 2 ? errors::v1::ERROR_REASON_URI_TOO_LONG
                                                  : errors::v1::ERROR_REASON_HEADER_TOO_LARGE;
}

RequestReader::Step RequestReader::Refuse(errors::v1::ErrorReason reason) {
  refusal_ = reason;
  return Step::kRefused;
}

HttpRequest RequestReader::Head() const {
  const auto& message = parser_->get();
  HttpRequest request;
  request.verb = View(message.method_string());
  for (const auto& field : message) {
    request.headers.emplace_back(View(field.name_string()), View(field.value()));
  }
  SetTarget(View(message.target()), request);
  return request;
}

}  // namespace dramatis
