// Keeps the stored text of personas in step with their sources: a changed text becomes the
// persona's next version, so that a prompt's `persona/<id>@<version>` always names what was used,
// on every replica. Thread-safe.
#pragma once

#include <cstddef>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/persona/model/store.h"
#include "services/persona/sources/sources.h"
#include "shared/log/log.h"
#include "shared/time/clock.h"

namespace dramatis::persona {

// Owner of personas that the deployment itself makes.
inline constexpr const char* kSystemOwner = "system";

// Says in the log that a persona's biography is over `max_bytes` and will be cut in its prompts.
// For those who have just written that version.
void LogIfCut(const PersonaRow& row, size_t max_bytes, Logger& logger);

class SourceFollower {
 public:
  SourceFollower(Store& store,
                 PersonaSource& source,
                 const Clock& clock,
                 Logger& logger,
                 size_t max_biography_bytes);

  // `row` as it is, or its next version, written, if its source's text has changed since this
  // process last saw it. A source that cannot be read leaves the stored text in use and is logged
  // once, until it can be read again.
  //
  // Only a change seen here is written: two replicas with different copies of a file would
  // otherwise overwrite each other's version with every call.
  absl::StatusOr<PersonaRow> Follow(PersonaRow row);

 private:
  struct State {
    SourceText seen;  // the text that the stored version has, or had
    bool failing = false;
  };

  // Whether `text` is what this process has seen there already.
  bool Seen(const std::string& persona_id, const SourceText& text);
  void MarkSeen(const std::string& persona_id, const SourceText& text);
  void MarkFailing(const PersonaRow& row, const absl::Status& status);
  absl::StatusOr<PersonaRow> WriteVersion(PersonaRow row, const SourceText& text);

  Store& store_;
  PersonaSource& source_;
  const Clock& clock_;
  Logger& logger_;
  const size_t max_biography_bytes_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, State> states_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis::persona
