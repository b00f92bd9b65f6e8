#include "shared/sql/postgres/notifier.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "shared/sql/postgres/connection.h"

namespace dramatis::sql {
namespace {

constexpr size_t kLongestItem = 1000;
// PostgreSQL takes less than 8,000 bytes.
constexpr size_t kLongestPayload = 7900;
// What is told while the server is away is kept so far; past it, listeners find it by looking.
constexpr size_t kMostPending = 10'000;
// What comes within this time goes together.
constexpr absl::Duration kBatch = absl::Milliseconds(5);
constexpr absl::Duration kFirstBackoff = absl::Milliseconds(100);
constexpr absl::Duration kLastBackoff = absl::Seconds(5);

class Receiver : public pqxx::notification_receiver {
 public:
  Receiver(pqxx::connection& connection,
           const std::string& channel,
           const NotificationHandlers& handlers)
      : pqxx::notification_receiver(connection, channel),
        own_(connection.backendpid()),
        handlers_(handlers) {}

  void operator()(const std::string& payload, int backend) override {
    if (backend == own_) return;
    for (const absl::string_view item : absl::StrSplit(payload, '\n', absl::SkipEmpty())) {
      handlers_.on_item(std::string(item));
    }
  }

 private:
  const int own_;
  const NotificationHandlers& handlers_;
};

// Items joined by line breaks, as many to a payload as it takes.
std::vector<std::string> Payloads(const absl::flat_hash_set<std::string>& items) {
  std::vector<std::string> payloads;
  for (const std::string& item : items) {
    if (payloads.empty() || payloads.back().size() + item.size() + 1 > kLongestPayload) {
      payloads.emplace_back();
    }
    absl::StrAppend(&payloads.back(), payloads.back().empty() ? "" : "\n", item);
  }
  return payloads;
}

}  // namespace

PostgresNotifier::PostgresNotifier(DatabaseOptions options,
                                   const std::string& channel,
                                   NotificationHandlers handlers,
                                   Watchdog& watchdog)
    : options_(std::move(options)),
      channel_(absl::StrCat(options_.schema, ".", channel)),
      handlers_(std::move(handlers)),
      watchdog_(watchdog),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { Run(); }) {}

PostgresNotifier::~PostgresNotifier() {
  ending_.End();
  Wake();
  thread_.join();
  close(wake_);
}

void PostgresNotifier::Notify(const std::string& item) {
  if (item.empty() || item.size() > kLongestItem || item.find('\n') != std::string::npos) return;
  {
    const absl::MutexLock lock(&mutex_);
    if (pending_.size() >= kMostPending) return;
    const bool first = pending_.empty();
    pending_.insert(item);
    if (!first) return;
  }
  Wake();
}

void PostgresNotifier::Run() {
  absl::Duration backoff = kFirstBackoff;
  while (!ending_.ended()) {
    connected_ = false;
    try {
      Connect();
    } catch (const std::exception&) {
      // The server is away, which the calls that need it say; this one tries again.
      backoff = connected_ ? kFirstBackoff : std::min(backoff * 2, kLastBackoff);
    }
    if (ending_.WaitFor(backoff)) return;
  }
}

void PostgresNotifier::Connect() {
  const auto made = ConnectPostgres(options_, [this](const std::string& url) {
    return std::make_unique<pqxx::connection>(WithConnectionSettings(url, options_.timeout));
  });
  pqxx::connection& connection = *made;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  // libpqxx 6 would connect anew behind our back, and nobody would know of the gap.
  connection.inhibit_reactivation(true);
#pragma GCC diagnostic pop
  Watchdog::Guard guard(watchdog_, connection.sock());
  guard.Start();
  const Receiver receiver(connection, channel_, handlers_);
  guard.Stop();
  connected_ = true;
  handlers_.on_gap();
  Serve(connection, guard);
}

void PostgresNotifier::Serve(pqxx::connection& connection, Watchdog::Guard& guard) {
  while (!ending_.ended()) {
    const bool idle = AwaitNews(connection.sock());
    if (ending_.ended()) return;
    guard.Start();
    const auto stop = absl::MakeCleanup([&] { guard.Stop(); });
    connection.get_notifs();
    const Items items = Take();
    // A server that hangs is found out by asking it something.
    if (items.empty() && !idle) continue;
    try {
      Send(connection, items);
    } catch (const std::exception&) {
      PutBack(items);
      throw;
    }
    connection.get_notifs();
  }
}

void PostgresNotifier::Send(pqxx::connection& connection, const Items& items) const {
  std::string statement = "select 1";
  for (const std::string& payload : Payloads(items)) {
    absl::StrAppend(&statement, ", pg_notify(", connection.quote(channel_), ", ",
                    connection.quote(payload), ")");
  }
  pqxx::nontransaction(connection).exec(statement);
}

bool PostgresNotifier::AwaitNews(int socket) const {
  pollfd sources[] = {{.fd = socket, .events = POLLIN, .revents = 0},
                      {.fd = wake_, .events = POLLIN, .revents = 0}};
  const auto patience = static_cast<int>(absl::ToInt64Milliseconds(2 * options_.timeout));
  if (poll(sources, 2, patience) == 0) return true;
  uint64_t count = 0;
  const bool told = read(wake_, &count, sizeof count) > 0;
  if (told && !ending_.ended()) absl::SleepFor(kBatch);
  return false;
}

void PostgresNotifier::Wake() const {
  const uint64_t one = 1;
  (void)!write(wake_, &one, sizeof one);
}

PostgresNotifier::Items PostgresNotifier::Take() {
  const absl::MutexLock lock(&mutex_);
  return std::exchange(pending_, {});
}

void PostgresNotifier::PutBack(const Items& items) {
  const absl::MutexLock lock(&mutex_);
  pending_.insert(items.begin(), items.end());
}

}  // namespace dramatis::sql
