#include "tests/provider_double/session.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "boost/asio/buffer.hpp"
#include "boost/asio/write.hpp"

namespace dramatis::provider_double {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr size_t kMaxBody = 64 * 1024 * 1024;
// Tokens without a pause between them go out together, up to so many bytes.
constexpr size_t kWriteSize = 16 * 1024;
constexpr std::chrono::milliseconds kBetweenSplits{1};

std::string Head(int status, const std::string& rest) {
  return absl::StrCat("HTTP/1.1 ", status, " ",
                      std::string(http::obsolete_reason(static_cast<http::status>(status))), "\r\n",
                      rest, "\r\n");
}

}  // namespace

Session::Session(asio::ip::tcp::socket socket, State& state)
    : socket_(std::move(socket)), timer_(socket_.get_executor()), state_(state) {
  error_code ignored;
  (void)socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

void Session::ReadRequest() {
  parser_.emplace();
  parser_->body_limit(kMaxBody);
  http::async_read(socket_, buffer_, *parser_,
                   [self = shared_from_this()](error_code error, size_t) {
                     if (error) return;
                     self->Route();
                   });
}

void Session::Route() {
  const std::string target(parser_->get().target());
  const bool messages = target == "/v1/messages";
  if ((messages || target == "/v1/chat/completions") &&
      parser_->get().method() == http::verb::post) {
    dialect_ = messages ? Dialect::kAnthropic : Dialect::kOpenAi;
    Begin();
  } else if (target == "/v1/models") {
    Answer(200, ModelsBody());
  } else {
    Control(target);
  }
}

void Session::Control(const std::string& target) {
  if (target == "/requests") {
    Answer(200, boost::json::serialize(state_.recorder.Everything()));
  } else if (target == "/counts") {
    Answer(200, boost::json::serialize(state_.recorder.Counts()));
  } else if (target == "/script") {
    const absl::Status loaded = state_.script.Load(parser_->get().body());
    state_.holds = state_.releases = 0;
    Answer(loaded.ok() ? 200 : 400,
           loaded.ok() ? "{}" : ErrorBody(400, std::string(loaded.message())));
  } else if (target == "/release") {
    ++state_.releases;
    Answer(200, "{}");
  } else if (target == "/reset") {
    state_.script.Reset();
    state_.holds = state_.releases = 0;
    state_.recorder.Reset();
    Answer(200, "{}");
  } else {
    Answer(404, ErrorBody(404, "no such path"));
  }
}

void Session::Answer(int status, const std::string& body, const std::string& extra_header) {
  Append(absl::StrCat(Head(status, absl::StrCat("Content-Type: application/json\r\n", extra_header,
                                                "Content-Length: ", body.size(), "\r\n")),
                      body));
  Send([self = shared_from_this()] { self->ReadRequest(); });
}

void Session::Begin() {
  const auto& message = parser_->get();
  state_.recorder.Began(std::string(message[http::field::authorization]), message.body());
  answering_ = true;
  ++answer_;
  step_ = state_.script.Next(message.body());
  position_ = 0;
  tokens_ = 0;
  paused_ = cut_ = false;
  body_bytes_ = 0;
  WatchForClose();
  if (step_->hang) return;
  absl::StatusOr<CompletionRequest> request = ParseCompletionRequest(message.body());
  Wait(step_->first_delay, [this, request = std::move(request)] {
    if (Refuse(request)) return;
    request_ = *request;
    pieces_ = step_->pieces;
    if (step_->echo) {
      pieces_.clear();
      for (std::string& word : Words(request_.newest_message)) {
        pieces_.push_back({.text = std::move(word)});
      }
    }
    request_.stream && !step_->whole ? Stream() : Whole();
  });
}

bool Session::Refuse(const absl::StatusOr<CompletionRequest>& request) {
  constexpr int kBadRequest = 400;
  int status = step_->status;
  std::string body;
  if (!request.ok()) {
    if (status == 200) status = kBadRequest;
    body = ErrorBody(status, std::string(request.status().message()));
  } else if (status != 200) {
    body = step_->error_object.empty()
               ? ErrorBody(status, step_->error)
               : boost::json::serialize(boost::json::object{{"error", step_->error_object}});
  } else if (step_->strict && !request->alternates) {
    status = kBadRequest;
    body = ErrorBody(status, "Conversation roles must alternate user/assistant/user/assistant/...");
  } else {
    const auto refused =
        std::find_if(step_->refuses.begin(), step_->refuses.end(), [&](const std::string& field) {
          return std::find(request->fields.begin(), request->fields.end(), field) !=
                 request->fields.end();
        });
    if (refused == step_->refuses.end()) return false;
    status = kBadRequest;
    body = RefusalBody(*refused);
  }
  state_.recorder.Completed();
  answering_ = false;
  Answer(
      status, body,
      step_->retry_after.empty() ? "" : absl::StrCat("Retry-After: ", step_->retry_after, "\r\n"));
  return true;
}

void Session::Whole() {
  std::string text;
  for (const Piece& piece : pieces_) {
    if (piece.kind == Piece::Kind::kToken) absl::StrAppend(&text, piece.text), ++tokens_;
  }
  const std::string body =
      CompletionBody(absl::StrCat("chatcmpl-", state_.next_id++), request_.model, text,
                     step_->finish_reason, request_.prompt_tokens, tokens_, step_->usage);
  out_ = Head(
      200, absl::StrCat("Content-Type: application/json\r\nContent-Length: ", body.size(), "\r\n"));
  Append(body);
  Send([this] { End(); });
}

void Session::Stream() {
  chunks_.emplace(dialect_, absl::StrCat("chatcmpl-", state_.next_id++), request_.model,
                  request_.prompt_tokens);
  out_ = Head(200, "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n");
  AppendChunk(chunks_->Role());
  Advance();
}

void Session::Advance() {
  while (position_ < pieces_.size() && !cut_ && out_.size() < kWriteSize) {
    const Piece& piece = pieces_[position_];
    switch (piece.kind) {
      case Piece::Kind::kToken:
        if (tokens_ > 0 && step_->token_delay.count() > 0 && !std::exchange(paused_, true)) {
          return Send([this] { Wait(step_->token_delay, [this] { Advance(); }); });
        }
        paused_ = false;
        ++tokens_;
        AppendChunk(chunks_->Token(piece.text));
        break;
      case Piece::Kind::kRaw:
        AppendChunk(piece.text);
        break;
      case Piece::Kind::kDelay:
        ++position_;
        return Send([this, delay = piece.delay] { Wait(delay, [this] { Advance(); }); });
      case Piece::Kind::kHang:
        return Send([] {});
      case Piece::Kind::kHold:
        ++position_;
        return Send([this, number = ++state_.holds] { Hold(number); });
      case Piece::Kind::kCut:
        cut_ = true;
        break;
    }
    ++position_;
  }
  if (position_ < pieces_.size() && !cut_) return Send([this] { Advance(); });
  if (!cut_) AppendTail();
  Send([this] { End(); });
}

void Session::Hold(int64_t number) {
  if (number <= state_.releases) return Advance();
  constexpr std::chrono::milliseconds kLookAgain{5};
  Wait(kLookAgain, [this, number] { Hold(number); });
}

void Session::AppendTail() {
  if (step_->tail) {
    AppendChunk(chunks_->Finish(step_->finish_reason, tokens_));
    if (step_->usage && request_.include_usage) AppendChunk(chunks_->Usage(tokens_));
    if (step_->done) AppendChunk(chunks_->Done());
  }
  Append("0\r\n\r\n");
}

void Session::End() {
  state_.recorder.Completed();
  answering_ = false;
  if (cut_) return Close();
  ReadRequest();
}

void Session::Close() {
  if (std::exchange(answering_, false)) state_.recorder.Aborted();
  timer_.cancel();
  error_code ignored;
  (void)socket_.close(ignored);
}

// Between a request and the end of its answer the client has nothing to send: what can be read then
// is the end of the connection.
void Session::WatchForClose() {
  socket_.async_wait(asio::ip::tcp::socket::wait_read,
                     [self = shared_from_this(), answer = answer_](error_code error) {
                       if (!self->answering_ || self->answer_ != answer) return;
                       if (error || self->socket_.available(error) == 0) self->Close();
                     });
}

void Session::AppendChunk(const std::string& body) {
  Append(absl::StrFormat("%x\r\n%s\r\n", body.size(), body));
}

void Session::Append(const std::string& bytes) {
  if (cut_) return;
  size_t size = bytes.size();
  if (answering_ && step_->cut_after.has_value() && body_bytes_ + size >= *step_->cut_after) {
    size = *step_->cut_after - body_bytes_;
    cut_ = true;
  }
  body_bytes_ += size;
  out_.append(bytes, 0, size);
}

void Session::Send(Then then) {
  const size_t split = answering_ && step_->split > 0 ? step_->split : out_.size();
  const size_t size = std::min(split, out_.size() - sent_);
  asio::async_write(socket_, asio::buffer(out_.data() + sent_, size),
                    [self = shared_from_this(), then = std::move(then)](error_code error,
                                                                        size_t written) mutable {
                      if (error) return self->Close();
                      self->sent_ += written;
                      if (self->sent_ < self->out_.size()) {
                        return self->Wait(kBetweenSplits,
                                          [self = self.get(), then = std::move(then)]() mutable {
                                            self->Send(std::move(then));
                                          });
                      }
                      self->out_.clear();
                      self->sent_ = 0;
                      then();
                    });
}

void Session::Wait(std::chrono::milliseconds delay, Then then) {
  if (delay.count() == 0) return then();
  timer_.expires_after(delay);
  timer_.async_wait([self = shared_from_this(), then = std::move(then)](error_code error) {
    if (!error) then();
  });
}

}  // namespace dramatis::provider_double
