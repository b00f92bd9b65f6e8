#include "shared/http/connection.h"

#include <charconv>
#include <utility>

#include "shared/http/head.h"

namespace dramatis {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

// How much of the requests that wait for their turn is read.
constexpr size_t kPipelineBytes = size_t{16} * 1024;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
// A body up to this size is joined with its head.
constexpr size_t kJoinBytes = size_t{16} * 1024;

bool WouldBlock(const error_code& error) {
  return error == asio::error::would_block || error == asio::error::try_again;
}

// Takes `written` bytes off the front.
void Consume(std::array<asio::const_buffer, 3>& buffers, size_t written) {
  for (asio::const_buffer& buffer : buffers) {
    const size_t taken = std::min(written, buffer.size());
    buffer += taken;
    written -= taken;
  }
}

}  // namespace

HttpConnection::HttpConnection(asio::ip::tcp::socket socket,
                               std::shared_ptr<const TlsContext> tls,
                               std::shared_ptr<HttpWorker> worker,
                               HttpHandler& handler,
                               const HttpLimits& limits)
    : stream_(std::move(socket), std::move(tls)),
      worker_(std::move(worker)),
      handler_(handler),
      limits_(limits),
      reader_(limits) {
  worker_->CountOpen(+1);
}

HttpConnection::~HttpConnection() {
  worker_->CountOpen(-1);
}

void HttpConnection::Open() {
  error_code ignored;
  asio::ip::tcp::socket& socket = stream_.socket();
  (void)socket.non_blocking(true, ignored);
  (void)socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  const auto peer = socket.remote_endpoint(ignored);
  if (!ignored) peer_ = peer.address().to_string();
  worker_->Add(shared_from_this());
  handler_.CountConnection(1);
  ResetForNext();
  if (stream_.expects_handshake()) state_ = State::kHandshake;
  deadline_ = Clock::now() + limits_.header;
  WaitForInput();
}

void HttpConnection::OpenRefused(const HttpAnswer& answer) {
  error_code ignored;
  (void)stream_.socket().non_blocking(true, ignored);
  worker_->Add(shared_from_this());
  handler_.CountConnection(1);
  if (stream_.expects_handshake()) return Close();
  keep_alive_ = false;
  state_ = State::kAnswering;
  AppendHead(answer, "Content-Length: " + std::to_string(answer.body.size()));
  body_ = answer.body;
  unwritten_ = {asio::buffer(head_), asio::buffer(body_), asio::const_buffer()};
  if (Flush()) FinishAnswer();
  WaitForInput();
}

void HttpConnection::ShakeHands() {
  switch (stream_.Begin()) {
    case TlsStream::Step::kDone:
      state_ = State::kReading;
      deadline_ = Clock::now() + limits_.header;
      return WaitForInput();
    case TlsStream::Step::kWantRead:
      return WaitForInput();
    case TlsStream::Step::kWantWrite:
      waiting_ = true;
      return stream_.socket().async_wait(asio::ip::tcp::socket::wait_write,
                                         [self = shared_from_this()](const error_code&) {
                                           self->waiting_ = false;
                                           if (self->state_ == State::kHandshake)
                                             self->ShakeHands();
                                         });
    case TlsStream::Step::kFailed:
      // Not at once: the client would be reset before it has read why.
      return Linger();
  }
}

void HttpConnection::WaitForInput() {
  if (state_ == State::kClosed || waiting_) return;
  if (input_ended_) {
    waiting_ = true;
    stream_.socket().async_wait(asio::ip::tcp::socket::wait_error,
                                [self = shared_from_this()](const error_code&) {
                                  self->waiting_ = false;
                                  self->Cut();
                                });
    return;
  }
  if (state_ == State::kTaking && paused_) return;
  // While a request is worked on, reading only serves to notice that the client is gone.
  const bool reading = state_ == State::kReading || state_ == State::kTaking;
  if (!reading && reader_.waiting() >= kPipelineBytes) return;
  waiting_ = true;
  stream_.WaitToRead([self = shared_from_this()](const error_code& error) {
    self->waiting_ = false;
    self->OnReadable(error);
  });
}

void HttpConnection::OnReadable(const error_code& error) {
  if (state_ == State::kClosed) return;
  if (state_ == State::kHandshake) return error ? Cut() : ShakeHands();
  error_code failed = error;
  const asio::mutable_buffer scratch = asio::buffer(worker_->scratch());
  const bool lingering = state_ == State::kLingering;
  const size_t size = failed      ? 0
                      : lingering ? stream_.ReadRaw(scratch, failed)
                                  : stream_.Read(scratch, failed);
  if (failed == asio::error::eof) {
    OnInputEnded();
    if (state_ == State::kClosed) return;
  } else if (failed && !WouldBlock(failed)) {
    Cut();
    return;
  }
  if (state_ != State::kLingering && size > 0) {
    const bool idle = state_ == State::kReading && reader_.empty();
    reader_.Append({worker_->scratch().data(), size});
    Parse();
    // The idle time ends with the first byte of a request.
    if (idle && state_ == State::kReading && !reader_.empty() && !reader_.head_seen()) {
      deadline_ = std::min(deadline_, Clock::now() + limits_.header);
    }
  }
  WaitForInput();
}

void HttpConnection::OnInputEnded() {
  input_ended_ = true;
  if (state_ == State::kReading || state_ == State::kLingering) return Cut();
  if (state_ == State::kTaking) {
    // The rest will not come, which the client may still hear.
    task_->Gone();
    return Refuse(errors::v1::ERROR_REASON_MALFORMED_REQUEST);
  }
  if (state_ == State::kHandling) {
    // An answer that comes soon tells as well.
    probe_at_ = Clock::now() + limits_.half_closed;
  } else {
    Probe();
  }
}

void HttpConnection::Probe() {
  probe_at_ = MonotonicTime::max();
  if (state_ == State::kStreaming) {
    const std::shared_ptr<HttpTask> task = task_;
    if (task != nullptr) task->Probe();
  } else if (state_ == State::kHandling && !reader_.http10()) {
    // RFC 9110, 15.2: any number of interim answers may come before the answer.
    stream_.WriteAside(kContinue);
  }
}

void HttpConnection::Parse() {
  if (parsing_) return;  // an answer was written at once: the loop below goes on
  parsing_ = true;
  while ((state_ == State::kReading || (state_ == State::kTaking && !paused_)) && ParseSome()) {
  }
  parsing_ = false;
  if (input_ended_ && state_ == State::kReading) Cut();  // the rest will not come
}

bool HttpConnection::ParseSome() {
  switch (reader_.Next()) {
    case RequestReader::Step::kNeedMore:
      if (state_ == State::kTaking) HandOver();
      return false;
    case RequestReader::Step::kHead:
      OnHead();
      return true;
    case RequestReader::Step::kWhole:
      Dispatch();
      return true;
    case RequestReader::Step::kRefused:
      if (state_ == State::kTaking) task_->Gone();
      Refuse(reader_.refusal());
      return false;
  }
  return false;
}

void HttpConnection::OnHead() {
  started_ = Clock::now();
  request_ = reader_.Head();
  request_.peer = peer_;
  request_.tls = stream_.secure();
  keep_alive_ = reader_.keep_alive();
  head_only_ = request_.verb == "HEAD";
  if (!IsSoundHead(request_, reader_.http10())) {
    Refuse(errors::v1::ERROR_REASON_MALFORMED_REQUEST);
    return;
  }
  const bool has_body = !reader_.whole();
  HttpHandler::Opened opened = handler_.Open(
      request_, has_body,
      [worker = worker_](std::function<void()> work) { worker->Post(std::move(work)); });
  task_ = std::move(opened.task);
  if (opened.answer.has_value()) {
    // Without its body the request has no end that we know: the connection cannot go on.
    if (has_body) keep_alive_ = false;
    state_ = State::kHandling;
    Send(*std::move(opened.answer));
    return;
  }
  if (has_body && !AwaitBody(opened.body_bytes)) return;
  if (!opened.in_pieces) return;
  state_ = State::kTaking;
  paused_ = false;
  const std::shared_ptr<HttpTask> task = task_;
  task->Start(*this, request_);
}

bool HttpConnection::AwaitBody(size_t most_bytes) {
  if (!reader_.LimitBody(most_bytes)) {
    Refuse(errors::v1::ERROR_REASON_BODY_TOO_LARGE);
    return false;
  }
  deadline_ = Clock::now() + limits_.body;
  if (SameText(request_.Header("expect"), "100-continue")) {
    // Twenty-five bytes into an empty socket buffer: if they do not fit, the client sends its body
    // anyway after a while.
    stream_.WriteAside(kContinue);
  }
  return true;
}

void HttpConnection::Refuse(errors::v1::ErrorReason reason) {
  if (task_ == nullptr) {
    request_ = reader_.Head();
    request_.peer = peer_;
    request_.tls = stream_.secure();
    task_ = handler_.OpenRefused(request_);
  }
  keep_alive_ = false;
  state_ = State::kHandling;
  Send(task_->Refused(reason));
}

void HttpConnection::HandOver() {
  std::string piece = reader_.TakeBody();
  if (piece.empty()) return;
  deadline_ = Clock::now() + limits_.body;
  const std::shared_ptr<HttpTask> task = task_;
  paused_ = !task->Take(std::move(piece));
}

void HttpConnection::ReadOn() {
  if (state_ != State::kTaking || !std::exchange(paused_, false)) return;
  deadline_ = Clock::now() + limits_.body;
  Parse();
  WaitForInput();
}

void HttpConnection::Dispatch() {
  if (state_ == State::kTaking) {
    HandOver();
    if (state_ != State::kTaking) return;
    state_ = State::kHandling;
    const std::shared_ptr<HttpTask> taker = task_;
    taker->TakeEnd();
    return;
  }
  request_.body = reader_.body();
  state_ = State::kHandling;
  // The task may answer, and so let go of itself, before it returns.
  const std::shared_ptr<HttpTask> task = task_;
  task->Start(*this, request_);
  if (worker_->draining() && task == task_) task->Drain();
}

void HttpConnection::ResetForNext() {
  state_ = State::kReading;
  stream_ending_ = false;
  request_ = {};
  reader_.Reset();
  started_ = Clock::now();
  deadline_ = started_ + (reader_.empty() ? limits_.idle : limits_.header);
}

void HttpConnection::AppendHead(const HttpAnswer& answer, std::string_view framing) {
  if (worker_->draining()) keep_alive_ = false;
  status_ = answer.status;
  head_.clear();
  AppendAnswerHead(answer, worker_->date(), head_);
  if (task_ != nullptr) task_->AppendHeaders(head_);
  if (!keep_alive_) {
    head_ += "Connection: close\r\n";
  } else if (reader_.http10()) {
    head_ += "Connection: keep-alive\r\n";
  }
  if (!framing.empty()) {
    head_ += framing;
    head_ += "\r\n";
  }
  head_ += "\r\n";
}

void HttpConnection::Send(HttpAnswer answer) {
  // Before its body has come whole, the request has no end that we know.
  if (state_ == State::kTaking) keep_alive_ = false;
  state_ = State::kAnswering;
  std::string_view content = answer.static_body.empty() ? answer.body : answer.static_body;
  const bool bodiless = answer.status == 204 || answer.status == 304;
  AppendHead(answer, bodiless ? "" : "Content-Length: " + std::to_string(content.size()));
  if (bodiless || head_only_) content = {};
  body_.clear();
  if (content.size() <= kJoinBytes) {
    head_ += content;
    content = {};
  } else if (answer.static_body.empty()) {
    body_ = std::move(answer.body);
    content = body_;
  }
  unwritten_ = {asio::buffer(head_), asio::buffer(content), asio::const_buffer()};
  if (Flush()) FinishAnswer();
}

void HttpConnection::StartStream(HttpAnswer head) {
  state_ = State::kStreaming;
  chunked_ = !reader_.http10();
  if (!chunked_) keep_alive_ = false;
  AppendHead(head, chunked_ ? "Transfer-Encoding: chunked" : "");
  unwritten_ = {};
  body_.clear();
}

bool HttpConnection::Write(std::string frames) {
  // The head, where it is still here, goes with the first frames.
  std::string prefix = std::exchange(head_, {});
  body_ = std::move(frames);
  if (chunked_ && !body_.empty()) {
    std::array<char, 20> size;
    const auto end = std::to_chars(size.data(), size.data() + size.size(), body_.size(), 16).ptr;
    prefix.append(size.data(), end);
    prefix += "\r\n";
    body_ += "\r\n";
  }
  head_ = std::move(prefix);
  unwritten_ = {asio::buffer(head_), asio::buffer(body_), asio::const_buffer()};
  if (!Flush()) return false;
  head_.clear();
  return true;
}

void HttpConnection::EndStream() {
  stream_ending_ = true;
  body_.clear();
  if (chunked_) head_ += "0\r\n\r\n";
  unwritten_ = {asio::buffer(head_), asio::const_buffer(), asio::const_buffer()};
  if (Flush()) OnFlushed();
}

void HttpConnection::BreakStream() {
  const std::shared_ptr<HttpConnection> self = shared_from_this();
  const std::shared_ptr<HttpTask> task = std::exchange(task_, nullptr);
  Close();
  if (task != nullptr) task->Done(status_, Clock::now() - started_);
}

bool HttpConnection::Flush() {
  while (asio::buffer_size(unwritten_) > 0) {
    error_code error;
    const size_t written = stream_.Write(unwritten_, worker_->scratch(), error);
    Consume(unwritten_, written);
    if (error) {
      // Also a client that is gone: that is found again in its turn, when nobody is in the middle
      // of anything.
      FlushLater(Clock::now() + limits_.write);
      return false;
    }
  }
  return true;
}

void HttpConnection::FlushLater(MonotonicTime deadline) {
  writing_ = true;
  deadline_ = deadline;
  stream_.WaitToWrite([self = shared_from_this()](const error_code& stopped) {
    self->writing_ = false;
    if (self->state_ == State::kClosed) return;
    error_code error = stopped;
    const size_t written =
        error ? 0 : self->stream_.Write(self->unwritten_, self->worker_->scratch(), error);
    if (WouldBlock(error)) return self->FlushLater(self->deadline_);
    if (error) return self->Cut();
    Consume(self->unwritten_, written);
    if (self->Flush()) self->OnFlushed();
  });
}

void HttpConnection::OnFlushed() {
  if (state_ == State::kStreaming && !stream_ending_) {
    head_.clear();
    const std::shared_ptr<HttpTask> task = task_;
    task->Written();
    return;
  }
  FinishAnswer();
}

void HttpConnection::FinishAnswer() {
  const std::shared_ptr<HttpConnection> self = shared_from_this();  // what follows may close it
  const std::shared_ptr<HttpTask> task = std::exchange(task_, nullptr);
  if (task != nullptr) task->Done(status_, Clock::now() - started_);
  if (body_.capacity() > kJoinBytes) body_ = {};
  if (head_.capacity() > 2 * kJoinBytes) head_ = {};
  if (!keep_alive_ || worker_->draining()) {
    Linger();
    return;
  }
  ResetForNext();
  Parse();
  WaitForInput();
}

void HttpConnection::Linger() {
  // Closing while the client still sends would reset the connection, and the answer with it.
  stream_.EndOutput();
  if (input_ended_) return Close();
  state_ = State::kLingering;
  reader_.DropInput();
  deadline_ = Clock::now() + limits_.linger;
  WaitForInput();
}

void HttpConnection::Tick(MonotonicTime now) {
  const bool timed = state_ == State::kHandshake || state_ == State::kReading ||
                     (state_ == State::kTaking && !paused_) || state_ == State::kAnswering ||
                     state_ == State::kLingering || writing_;
  if (timed && now >= deadline_) {
    Cut();
    return;
  }
  if (now >= probe_at_) Probe();
  if (state_ == State::kHandling || state_ == State::kTaking || state_ == State::kStreaming) {
    const std::shared_ptr<HttpTask> task = task_;
    if (task != nullptr) task->Tick(now);
  }
}

void HttpConnection::Drain() {
  const bool idle = state_ == State::kHandshake || (state_ == State::kReading && reader_.empty());
  if (idle) {
    Cut();
  } else if (state_ == State::kHandling || state_ == State::kStreaming) {
    const std::shared_ptr<HttpTask> task = task_;
    if (task != nullptr) task->Drain();
  }
}

void HttpConnection::Cut() {
  if (state_ == State::kClosed) return;
  constexpr int kClientWentAway = 499;
  const std::shared_ptr<HttpConnection> self = shared_from_this();
  const std::shared_ptr<HttpTask> task = std::exchange(task_, nullptr);
  Close();
  if (task != nullptr) {
    task->Gone();
    task->Done(kClientWentAway, Clock::now() - started_);
  }
}

void HttpConnection::Close() {
  state_ = State::kClosed;
  stream_.Close();
  worker_->Remove(*this);
  handler_.CountConnection(-1);
}

}  // namespace dramatis
