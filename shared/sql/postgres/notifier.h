// Notifier by LISTEN and NOTIFY (https://www.postgresql.org/docs/15/sql-notify.html), on one
// connection of its own and one thread. A NOTIFY's transaction takes a lock of the whole database
// while it commits, so none is sent with the writes that it tells of, and many go together.
#pragma once

#include <string>
#include <thread>

#include <pqxx/pqxx>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "shared/sql/database.h"
#include "shared/sql/notifier.h"
#include "shared/sql/watchdog.h"
#include "shared/time/timer.h"

namespace dramatis::sql {

class PostgresNotifier : public Notifier {
 public:
  // Of one channel; those of different schemas do not hear each other. `watchdog` outlives it.
  PostgresNotifier(DatabaseOptions options,
                   const std::string& channel,
                   NotificationHandlers handlers,
                   Watchdog& watchdog);
  ~PostgresNotifier() override;

  void Notify(const std::string& item) override;

 private:
  using Items = absl::flat_hash_set<std::string>;

  void Run();
  // Connects and serves, until the connection is lost (throws) or the notifier ends.
  void Connect();
  void Serve(pqxx::connection& connection, Watchdog::Guard& guard);
  void Send(pqxx::connection& connection, const Items& items) const;
  // Waits for the socket, for something to tell or for the time; whether that was the time.
  bool AwaitNews(int socket) const;
  void Wake() const;
  Items Take();
  void PutBack(const Items& items);

  const DatabaseOptions options_;
  const std::string channel_;
  const NotificationHandlers handlers_;
  Watchdog& watchdog_;
  const int wake_;          // an eventfd
  bool connected_ = false;  // of the thread: since it last waited to connect again

  Ending ending_;
  absl::Mutex mutex_;
  Items pending_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace dramatis::sql
