// Persona sources in buckets: `s3://bucket/key`, in one of the buckets that the deployment's
// settings name. Looks for changes when asked, at most every 5 s, and reads an object only when it
// has changed.
//
//   ObjectSource source(buckets, clock);
//   absl::StatusOr<SourceText> me = source.Read("s3://twins/me.txt");
//
// A bucket that does not answer within a second holds nobody up who has a text already.
// Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "services/persona/sources/sources.h"
#include "shared/executor/executor.h"
#include "shared/objects/objects.h"
#include "shared/time/clock.h"

namespace dramatis::persona {

class ObjectSource : public PersonaSource {
 public:
  // By a bucket's name, what is in it. References outlive the source.
  ObjectSource(std::map<std::string, objects::Objects*> buckets, const Clock& clock);
  // Waits for a look under way.
  ~ObjectSource() override { executor_.Stop(); }

  absl::StatusOr<SourceText> Read(const std::string& uri) override;
  std::string Problem(const std::string& uri) const override;

 private:
  struct Entry {
    absl::Time checked = absl::InfinitePast();
    bool checking = false;
    std::string version;
    SourceText text;      // as last read; null before
    absl::Status status;  // of the last look
  };

  void Check(const std::string& uri);
  // The text, or null where it is still the one of `version`, which becomes the new one's.
  absl::StatusOr<SourceText> ReadNew(const std::string& uri, std::string& version) const;

  const std::map<std::string, objects::Objects*> buckets_;
  const Clock& clock_;
  absl::Mutex mutex_;
  // Entries stay where they are.
  absl::flat_hash_map<std::string, std::unique_ptr<Entry>> entries_ ABSL_GUARDED_BY(mutex_);
  Executor executor_{2, 1000};
};

}  // namespace dramatis::persona
