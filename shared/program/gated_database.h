// A module's database until its schema is there: transactions answer UNAVAILABLE before Open, and
// never find half a schema. Thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "shared/sql/database.h"
#include "shared/status/errors.h"

namespace dramatis {

class GatedDatabase : public sql::Database {
 public:
  // `database` outlives it.
  explicit GatedDatabase(sql::Database& database) : database_(database) {}
  // The schema is there.
  void Open() { open_ = true; }

  absl::StatusOr<std::vector<std::string>> Migrate(
      const std::vector<sql::Migration>& migrations) override {
    return database_.Migrate(migrations);
  }
  absl::StatusOr<sql::SchemaState> CheckSchema(
      const std::vector<sql::Migration>& migrations) override {
    return database_.CheckSchema(migrations);
  }
  std::unique_ptr<sql::Notifier> OpenNotifier(const std::string& channel,
                                              const sql::NotificationHandlers& handlers) override {
    return database_.OpenNotifier(channel, handlers);
  }
  sql::Engine engine() const override { return database_.engine(); }
  absl::Status Ping() override { return database_.Ping(); }

 private:
  absl::Status RunTransaction(
      Mode mode, const std::function<absl::Status(sql::Transaction&)>& function) override {
    if (!open_) return UnavailableError("the service waits for its database");
    switch (mode) {
      case Mode::kRead:
        return database_.Read(function);
      case Mode::kWriteSoon:
        return database_.WriteSoon(function);
      case Mode::kWrite:
        break;
    }
    return database_.Write(function);
  }

  sql::Database& database_;
  std::atomic<bool> open_ = false;
};

}  // namespace dramatis
