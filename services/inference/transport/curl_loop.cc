#include "services/inference/transport/curl_loop.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <thread>
#include <unordered_map>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <curl/curl.h>

#include "absl/strings/numbers.h"
#include "shared/text/text.h"

namespace dramatis::inference {
namespace {

namespace asio = boost::asio;
using SteadyClock = std::chrono::steady_clock;

// Idle connections that are kept for the next request.
constexpr long kMaxIdleConnections = 256;
// Easy handles that are kept for the next request.
constexpr size_t kMaxSpareHandles = 64;
// Read at once from a connection; each open stream holds a buffer of this size.
constexpr long kBufferBytes = 16384;

std::chrono::nanoseconds ToSteady(absl::Duration duration) {
  constexpr absl::Duration kLongest = absl::Hours(24 * 365);
  return absl::ToChronoNanoseconds(std::clamp(duration, absl::ZeroDuration(), kLongest));
}

HttpEnd EndOf(CURLcode code) {
  switch (code) {
    case CURLE_OK:
      return HttpEnd::kComplete;
    case CURLE_OPERATION_TIMEDOUT:
      return HttpEnd::kTimedOut;
    case CURLE_WRITE_ERROR:
      return HttpEnd::kAborted;
    case CURLE_URL_MALFORMAT:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return HttpEnd::kConnectFailed;
    default:
      return HttpEnd::kBroken;
  }
}

// One request under way. Lives on the loop's thread.
struct Transfer {
  Transfer(asio::io_context& io, HttpRequest r, std::shared_ptr<HttpHandler> h)
      : request(std::move(r)), handler(std::move(h)), watch(io) {}
  ~Transfer() { curl_slist_free_all(headers); }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // When the next byte must have come.
  SteadyClock::time_point Limit() const {
    const absl::Duration first_byte =
        private_peer ? request.timeouts.private_first_byte : request.timeouts.first_byte;
    const absl::Duration patience = receiving ? request.timeouts.idle : first_byte;
    return std::min(heard + ToSteady(patience), begun + ToSteady(request.timeouts.total));
  }

  const HttpRequest request;
  const std::shared_ptr<HttpHandler> handler;
  int64_t id = 0;
  CURL* easy = nullptr;
  curl_slist* headers = nullptr;
  HttpHead head;
  bool head_given = false;
  bool receiving = false;
  bool private_peer = false;
  SteadyClock::time_point begun = SteadyClock::now();
  SteadyClock::time_point heard = begun;
  asio::steady_timer watch;
};

// A connection's socket, watched for curl.
struct Socket {
  Socket(asio::io_context& io, curl_socket_t fd) : descriptor(io, fd) {}
  asio::posix::stream_descriptor descriptor;
  int wanted = CURL_POLL_NONE;
  bool reading = false;
  bool writing = false;
  bool closed = false;
};

// Called when there is a connection, before the request is sent.
int OnConnected(void* user, char* peer, char* /*own*/, int /*peer_port*/, int /*own_port*/) {
  static_cast<Transfer*>(user)->private_peer = IsPrivateAddress(peer);
  return CURL_PREREQFUNC_OK;
}

size_t OnHeaderLine(char* data, size_t size, size_t count, void* user) {
  Transfer& transfer = *static_cast<Transfer*>(user);
  const std::string_view line(data, size * count);
  transfer.heard = SteadyClock::now();
  constexpr std::string_view kRetryAfter = "retry-after:";
  if (AsciiLower(line.substr(0, kRetryAfter.size())) == kRetryAfter) {
    transfer.head.retry_after = std::string(TrimSpace(line.substr(kRetryAfter.size())));
  }
  const bool end = line == "\r\n" || line == "\n";
  if (!end || transfer.head_given) return line.size();  // a trailer, after the head was given
  long status = 0;
  curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
  constexpr long kFirstFinal = 200;
  if (status < kFirstFinal) return line.size();  // 100 Continue and the like: the head follows
  transfer.head.status = static_cast<int>(status);
  transfer.head_given = true;
  transfer.handler->OnHead(transfer.head);
  return line.size();
}

size_t OnBodyBytes(char* data, size_t size, size_t count, void* user) {
  Transfer& transfer = *static_cast<Transfer*>(user);
  transfer.receiving = true;
  transfer.heard = SteadyClock::now();
  const std::string_view bytes(data, size * count);
  return transfer.handler->OnBody(bytes) ? bytes.size() : 0;  // less than given: an error
}

void GlobalInit() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)code;
}

}  // namespace

class CurlLoop::Engine {
 public:
  explicit Engine(CurlLoopOptions options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  TransferId Start(HttpRequest request, std::shared_ptr<HttpHandler> handler);
  void Cancel(TransferId id);
  void After(absl::Duration delay, std::function<void()> task);
  void Stop();

 private:
  // Everything below runs on the loop's thread.
  void InitCurl();
  void Begin(std::unique_ptr<Transfer> transfer);
  bool Configure(Transfer& transfer);
  void Watch(Transfer& transfer);
  void End(TransferId id, HttpEnd end);
  void Release(Transfer& transfer);

  static int OnSocket(CURL* easy, curl_socket_t fd, int what, void* user, void* socket);
  static int OnTimer(CURLM* multi, long timeout_ms, void* user);
  void WatchSocket(curl_socket_t fd, int what);
  void Arm(const std::shared_ptr<Socket>& socket);
  void Ready(const std::shared_ptr<Socket>& socket, int event);
  void Act(curl_socket_t fd, int events);

  const CurlLoopOptions options_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  asio::steady_timer curl_timer_{io_};
  CURLM* multi_ = nullptr;
  std::map<curl_socket_t, std::shared_ptr<Socket>> sockets_;
  std::unordered_map<TransferId, std::unique_ptr<Transfer>> transfers_;
  std::vector<CURL*> spare_;
  std::atomic<TransferId> next_id_{1};
  std::thread thread_;
};

CurlLoop::Engine::Engine(CurlLoopOptions options)
    : options_(std::move(options)), thread_([this] { io_.run(); }) {}

// With the first transfer: curl and TLS take megabytes, and some deployments call nobody.
void CurlLoop::Engine::InitCurl() {
  if (multi_ != nullptr) return;
  GlobalInit();
  multi_ = curl_multi_init();
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Engine::OnSocket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Engine::OnTimer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kMaxIdleConnections);
}

CurlLoop::Engine::~Engine() {
  Stop();
  for (CURL* const easy : spare_)
    curl_easy_cleanup(easy);
  if (multi_ != nullptr) curl_multi_cleanup(multi_);
}

void CurlLoop::Engine::Stop() {
  if (!thread_.joinable()) return;
  io_.stop();
  thread_.join();
  for (auto& [id, transfer] : transfers_)
    Release(*transfer);
  transfers_.clear();
}

CurlLoop::TransferId CurlLoop::Engine::Start(HttpRequest request,
                                             std::shared_ptr<HttpHandler> handler) {
  const TransferId id = next_id_++;
  auto transfer = std::make_unique<Transfer>(io_, std::move(request), std::move(handler));
  transfer->id = id;
  asio::post(io_, [this, transfer = std::move(transfer)]() mutable { Begin(std::move(transfer)); });
  return id;
}

void CurlLoop::Engine::Cancel(TransferId id) {
  asio::post(io_, [this, id] {
    const auto found = transfers_.find(id);
    if (found == transfers_.end()) return;
    Release(*found->second);
    transfers_.erase(found);
  });
}

void CurlLoop::Engine::After(absl::Duration delay, std::function<void()> task) {
  if (delay <= absl::ZeroDuration()) return asio::post(io_, std::move(task));
  auto timer = std::make_shared<asio::steady_timer>(io_, ToSteady(delay));
  timer->async_wait([timer, task = std::move(task)](const boost::system::error_code& error) {
    if (!error) task();
  });
}

void CurlLoop::Engine::Begin(std::unique_ptr<Transfer> transfer) {
  InitCurl();
  Transfer& added = *transfer;
  transfers_[added.id] = std::move(transfer);
  if (!Configure(added) || curl_multi_add_handle(multi_, added.easy) != CURLM_OK) {
    return End(added.id, HttpEnd::kConnectFailed);
  }
  Watch(added);
  Act(CURL_SOCKET_TIMEOUT, 0);  // at once, not when the timer that curl has asked for says so
}

bool CurlLoop::Engine::Configure(Transfer& transfer) {
  if (spare_.empty()) {
    transfer.easy = curl_easy_init();
    if (transfer.easy == nullptr) return false;
  } else {
    transfer.easy = spare_.back();
    spare_.pop_back();
  }
  for (const std::string& header : transfer.request.headers) {
    transfer.headers = curl_slist_append(transfer.headers, header.c_str());
  }
  transfer.headers = curl_slist_append(transfer.headers, "Expect:");  // no 100-continue round trip
  CURL* const easy = transfer.easy;
  bool good = true;
  const auto set = [&](CURLoption option, auto value) {
    good = curl_easy_setopt(easy, option, value) == CURLE_OK && good;
  };
  set(CURLOPT_URL, transfer.request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  if (!options_.ca_file.empty()) set(CURLOPT_CAINFO, options_.ca_file.c_str());
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_BUFFERSIZE, kBufferBytes);
  const auto connect = ToSteady(transfer.request.timeouts.connect);
  constexpr long kLeastMillis = 1;  // 0 would mean curl's own default
  set(CURLOPT_CONNECTTIMEOUT_MS,
      std::max(kLeastMillis,
               static_cast<long>(
                   std::chrono::duration_cast<std::chrono::milliseconds>(connect).count())));
  set(CURLOPT_HTTPHEADER, transfer.headers);
  set(CURLOPT_POSTFIELDS, transfer.request.body.c_str());
  set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(transfer.request.body.size()));
  set(CURLOPT_HEADERFUNCTION, &OnHeaderLine);
  set(CURLOPT_HEADERDATA, static_cast<void*>(&transfer));
  set(CURLOPT_WRITEFUNCTION, &OnBodyBytes);
  set(CURLOPT_WRITEDATA, static_cast<void*>(&transfer));
  set(CURLOPT_PRIVATE, static_cast<void*>(&transfer));
  set(CURLOPT_PREREQFUNCTION, &OnConnected);
  set(CURLOPT_PREREQDATA, static_cast<void*>(&transfer));
  return good;
}

// Waits for the limit, or for when it may have come nearer: the connection and the first byte set
// others. Looks again there, since every byte moves it.
void CurlLoop::Engine::Watch(Transfer& transfer) {
  const HttpTimeouts& timeouts = transfer.request.timeouts;
  const auto nearest =
      SteadyClock::now() +
      ToSteady(std::min({timeouts.idle, timeouts.first_byte, timeouts.private_first_byte}));
  transfer.watch.expires_at(std::min(transfer.Limit(), nearest));
  transfer.watch.async_wait([this, id = transfer.id](const boost::system::error_code& error) {
    if (error) return;
    const auto found = transfers_.find(id);
    if (found == transfers_.end()) return;
    if (SteadyClock::now() >= found->second->Limit()) return End(id, HttpEnd::kTimedOut);
    Watch(*found->second);
  });
}

void CurlLoop::Engine::Release(Transfer& transfer) {
  if (transfer.easy == nullptr) return;
  curl_multi_remove_handle(multi_, transfer.easy);
  curl_easy_reset(transfer.easy);
  if (spare_.size() < kMaxSpareHandles) {
    spare_.push_back(transfer.easy);
  } else {
    curl_easy_cleanup(transfer.easy);
  }
  transfer.easy = nullptr;
}

void CurlLoop::Engine::End(TransferId id, HttpEnd end) {
  const auto found = transfers_.find(id);
  if (found == transfers_.end()) return;
  const std::unique_ptr<Transfer> transfer = std::move(found->second);
  transfers_.erase(found);
  Release(*transfer);
  transfer->handler->OnEnd(end);
}

int CurlLoop::Engine::OnSocket(
    CURL* /*easy*/, curl_socket_t fd, int what, void* user, void* /*socket*/) {
  static_cast<Engine*>(user)->WatchSocket(fd, what);
  return 0;
}

int CurlLoop::Engine::OnTimer(CURLM* /*multi*/, long timeout_ms, void* user) {
  Engine& engine = *static_cast<Engine*>(user);
  if (timeout_ms < 0) {
    engine.curl_timer_.cancel();
    return 0;
  }
  engine.curl_timer_.expires_after(std::chrono::milliseconds(timeout_ms));
  engine.curl_timer_.async_wait([&engine](const boost::system::error_code& error) {
    if (!error) engine.Act(CURL_SOCKET_TIMEOUT, 0);
  });
  return 0;
}

void CurlLoop::Engine::WatchSocket(curl_socket_t fd, int what) {
  std::shared_ptr<Socket>& socket = sockets_[fd];
  if (what == CURL_POLL_REMOVE) {
    if (socket != nullptr) {
      socket->closed = true;
      socket->descriptor.release();  // curl closes it
    }
    sockets_.erase(fd);
    return;
  }
  if (socket == nullptr) socket = std::make_shared<Socket>(io_, fd);
  socket->wanted = what;
  Arm(socket);
}

void CurlLoop::Engine::Arm(const std::shared_ptr<Socket>& socket) {
  using Wait = asio::posix::stream_descriptor;
  if ((socket->wanted & CURL_POLL_IN) != 0 && !socket->reading) {
    socket->reading = true;
    socket->descriptor.async_wait(Wait::wait_read, [this, socket](const auto& error) {
      socket->reading = false;
      if (!error && (socket->wanted & CURL_POLL_IN) != 0) Ready(socket, CURL_CSELECT_IN);
    });
  }
  if ((socket->wanted & CURL_POLL_OUT) != 0 && !socket->writing) {
    socket->writing = true;
    socket->descriptor.async_wait(Wait::wait_write, [this, socket](const auto& error) {
      socket->writing = false;
      if (!error && (socket->wanted & CURL_POLL_OUT) != 0) Ready(socket, CURL_CSELECT_OUT);
    });
  }
}

void CurlLoop::Engine::Ready(const std::shared_ptr<Socket>& socket, int event) {
  if (socket->closed) return;
  Act(socket->descriptor.native_handle(), event);
  if (!socket->closed) Arm(socket);
}

void CurlLoop::Engine::Act(curl_socket_t fd, int events) {
  int running = 0;
  curl_multi_socket_action(multi_, fd, events, &running);
  int left = 0;
  while (const CURLMsg* const message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode result = message->data.result;  // gone with the next call to curl
    Transfer* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    End(transfer->id, EndOf(result));
  }
}

CurlLoop::CurlLoop(const CurlLoopOptions& options) : engine_(std::make_unique<Engine>(options)) {}
CurlLoop::~CurlLoop() = default;

CurlLoop::TransferId CurlLoop::Start(HttpRequest request, std::shared_ptr<HttpHandler> handler) {
  return engine_->Start(std::move(request), std::move(handler));
}

void CurlLoop::Stop() {
  engine_->Stop();
}

void CurlLoop::Cancel(TransferId id) {
  engine_->Cancel(id);
}

void CurlLoop::After(absl::Duration delay, std::function<void()> task) {
  engine_->After(delay, std::move(task));
}

bool IsPrivateAddress(const std::string& address) {
  boost::system::error_code error;
  asio::ip::address ip = asio::ip::make_address(address, error);
  if (error) return false;
  if (ip.is_loopback()) return true;
  if (ip.is_v6()) {
    if (!ip.to_v6().is_v4_mapped()) {
      constexpr unsigned kUniqueLocal = 0xFC;
      constexpr unsigned kUniqueLocalMask = 0xFE;
      return ip.to_v6().is_link_local() ||
             (ip.to_v6().to_bytes()[0] & kUniqueLocalMask) == kUniqueLocal;
    }
    ip = asio::ip::make_address_v4(asio::ip::v4_mapped, ip.to_v6());
  }
  struct Network {
    const char* address;
    unsigned short bits;
  };
  constexpr std::array<Network, 6> kPrivate = {{{"10.0.0.0", 8},
                                                {"172.16.0.0", 12},
                                                {"192.168.0.0", 16},
                                                {"100.64.0.0", 10},
                                                {"169.254.0.0", 16},
                                                {"127.0.0.0", 8}}};
  return std::any_of(kPrivate.begin(), kPrivate.end(), [&](const Network& network) {
    const asio::ip::network_v4 net(asio::ip::make_address_v4(network.address), network.bits);
    return asio::ip::network_v4(ip.to_v4(), network.bits).canonical() == net;
  });
}

std::optional<absl::Duration> ParseRetryAfter(const std::string& value, absl::Time now) {
  int64_t seconds = 0;
  if (absl::SimpleAtoi(value, &seconds)) {
    if (seconds < 0) return std::nullopt;
    return absl::Seconds(seconds);
  }
  const time_t date = curl_getdate(value.c_str(), nullptr);
  if (date < 0) return std::nullopt;
  return std::max(absl::ZeroDuration(), absl::FromTimeT(date) - now);
}

}  // namespace dramatis::inference
