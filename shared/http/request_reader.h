// The bytes of a connection, in; its requests, out. Boost.Beast knows the grammar; what a client
// may send, and so what a connection can hold, is decided here, where every byte passes.
//
//   RequestReader reader(limits);
//   reader.Append("GET /a HTTP/1.1\r\nHost: ...");
//   while ((step = reader.Next()) != RequestReader::Step::kNeedMore) ...
//
// Every limit counts what was received, parsed or not: the head (HttpLimits::header_bytes), the
// body (body_bytes), and what is neither of them: sizes and extensions of chunks, line ends,
// trailers (framing_bytes). Not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/optional.hpp>

#include "dramatis/errors/v1/errors.pb.h"

#include "shared/http/limits.h"
#include "shared/http/message.h"

namespace dramatis {

class RequestReader {
 public:
  enum class Step {
    kNeedMore,
    kHead,     // the head has come
    kWhole,    // the whole request has come; Reset goes on to the next one
    kRefused,  // `refusal` says why; nothing more is read
  };

  // `limits` outlives it.
  explicit RequestReader(const HttpLimits& limits);

  void Append(std::string_view bytes) { input_.append(bytes); }
  // Once the head has come: the most bytes of the body, 0 for the usual. False where the head
  // announces more.
  bool LimitBody(size_t bytes);
  // What has come, as far as one step of a request.
  Step Next();
  // Forgets the request; what came after it is the next one.
  void Reset();
  // Forgets everything that was not used yet.
  void DropInput() { input_ = {}; }

  errors::v1::ErrorReason refusal() const { return refusal_; }
  // As much of the head as there is. Its views last until Reset.
  HttpRequest Head() const;
  std::string_view body() const { return parser_->get().body(); }
  // What has come of the body since the last call.
  std::string TakeBody();
  bool head_seen() const { return head_seen_; }
  bool whole() const { return parser_->is_done(); }
  // Nothing of a request has come.
  bool empty() const { return head_bytes_ == 0 && input_.empty(); }
  bool http10() const { return parser_->get().version() == 10; }
  bool keep_alive() const { return parser_->get().keep_alive(); }
  // Received and not used yet.
  size_t waiting() const { return input_.size(); }

 private:
  // Text that grows with what comes, whatever its head announces. A Body as Beast defines it.
  struct GrowingBody {
    using value_type = std::string;
    class reader {  // NOLINT(readability-identifier-naming)
     public:
      template <bool is_request, class Fields>
      reader(boost::beast::http::header<is_request, Fields>&, value_type& body) : body_(body) {}
      void init(const boost::optional<uint64_t>& announced, boost::system::error_code& error) {
        constexpr uint64_t kReserved = uint64_t{64} * 1024;
        if (announced) body_.reserve(std::min(*announced, kReserved));
        error = {};
      }
      template <class Buffers>
      size_t put(const Buffers& buffers, boost::system::error_code& error) {
        const size_t before = body_.size();
        for (const boost::asio::const_buffer piece : boost::beast::buffers_range_ref(buffers))
          body_.append(static_cast<const char*>(piece.data()), piece.size());
        error = {};
        return body_.size() - before;
      }
      void finish(boost::system::error_code& error) { error = {}; }

     private:
      value_type& body_;
    };
  };
  using Parser = boost::beast::http::request_parser<GrowingBody>;

  // False where the line's other half has to come first.
  bool SkipEmptyLine();
  Step ReadHead();
  Step ReadBody();
  // Feeds the parser; false where it refused.
  bool Parse(size_t& used);
  Step Refuse(errors::v1::ErrorReason reason);
  errors::v1::ErrorReason HeadTooLarge() const;
  // What was received of the body, but for its content.
  size_t framing() const;

  const HttpLimits& limits_;
  std::string input_;  // what has come and is not used yet
  std::optional<Parser> parser_;
  bool head_seen_ = false;
  bool line_skipped_ = false;
  size_t head_bytes_ = 0;   // used, of the head
  size_t body_bytes_ = 0;   // used after the head
  size_t taken_bytes_ = 0;  // of the body's content, by TakeBody
  size_t head_fields_ = 0;
  errors::v1::ErrorReason refusal_ = errors::v1::ERROR_REASON_UNSPECIFIED;
};

}  // namespace dramatis
