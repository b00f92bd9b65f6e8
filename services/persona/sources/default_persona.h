// The deployment's default persona: who answers when a caller names nobody.
//
// DRAMATIS_DEFAULT_PERSONA unset: the sample, written to `<persona folder>/me.txt` unless a file is
// there. `file:...`: that source. Both belong to `system`, are public, and have an id made from the
// source's name, so that every replica and every start means the same persona. Anything else is the
// id of a persona made through the API. Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/persona/model/store.h"
#include "services/persona/sources/config.h"
#include "services/persona/sources/sources.h"
#include "shared/log/log.h"
#include "shared/time/clock.h"

namespace dramatis::persona {

class DefaultPersona {
 public:
  // `sample` is the text of the persona that is there without any setting.
  DefaultPersona(const Config& config,
                 std::string_view sample,
                 Store& store,
                 PersonaSource& source,
                 const Clock& clock,
                 Logger& logger);

  // At the program's start: sees to it that the persona exists. What fails is logged and tried
  // again when the persona is asked for.
  void Start();

  // Its id, once it exists. PERSONA_SOURCE_UNAVAILABLE while its source cannot be read.
  absl::StatusOr<std::string> Id();

  // Whether `persona_id` is the default persona's.
  bool Is(const std::string& persona_id) const { return persona_id == persona_id_; }

 private:
  absl::Status Ensure();
  absl::Status WriteSample() const;

  const Config config_;
  const std::string_view sample_;
  Store& store_;
  PersonaSource& source_;
  const Clock& clock_;
  Logger& logger_;
  const std::string source_uri_;  // empty where the setting is an id
  const std::string persona_id_;
  absl::Mutex mutex_;
  bool exists_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis::persona
