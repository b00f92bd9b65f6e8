// Tells the processes that share a database server what has changed there, so that they need not
// ask all the time. A hint, not a queue: what is told while somebody is not connected they do not
// hear, so every listener also looks at the rows now and then.
//
//   const std::unique_ptr<Notifier> notifier = database.OpenNotifier("rooms", {
//       .on_item = [](const std::string& id) { Reread(id); },
//       .on_gap = [] { RereadAll(); }});
//   notifier->Notify(id);   // after the commit
//
// Thread-safe.
#pragma once

#include <functional>
#include <string>

namespace dramatis::sql {

// Called on the notifier's thread; must return at once.
struct NotificationHandlers {
  // What another process has told, once or more often.
  std::function<void(const std::string& item)> on_item;
  // The notifier hears again, or for the first time: what was told before may have been missed.
  std::function<void()> on_gap;
};

class Notifier {
 public:
  // No handler runs afterwards.
  virtual ~Notifier() = default;
  // Tells `item` to the other processes within some milliseconds, together with what else there is
  // to tell; as long as the server is away, afterwards. At most 1,000 bytes without line breaks:
  // others are not told. Returns at once.
  virtual void Notify(const std::string& item) = 0;
};

}  // namespace dramatis::sql
