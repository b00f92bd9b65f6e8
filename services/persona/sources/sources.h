// Where a persona's biography is read from when it is not given inline: `file:<path>`, a text file
// under the persona folder, or `s3://bucket/key`, an object in a bucket that the deployment names
// (sources/object_source.h). No URL is ever fetched.
//
//   FileSource source("/data/personas", clock);
//   absl::StatusOr<SourceText> me = source.Read("file:me.txt");
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "shared/time/clock.h"

namespace dramatis::persona {

// What the field rule of a persona's name allows.
inline constexpr size_t kMostNameCodePoints = 100;

// The text, shared with the source that read it. Never null.
using SourceText = std::shared_ptr<const std::string>;

// Reads sources. Thread-safe.
class PersonaSource {
 public:
  virtual ~PersonaSource() = default;
  // The source's text, at most 5 s old: valid UTF-8 of 1 to 200,000 code points; the same object
  // while it does not change. PERSONA_SOURCE_UNAVAILABLE where it cannot be read.
  virtual absl::StatusOr<SourceText> Read(const std::string& uri) = 0;
  // Why `uri` cannot be a source here, as in "must ..."; empty if it can.
  virtual std::string Problem(const std::string& uri) const;
};

// Whether `text` names a source rather than a persona.
bool IsSourceUri(const std::string& text);
// Why `uri` cannot be a source, as in "must ..."; empty if it can.
std::string SourceUriProblem(const std::string& uri);
// The last part of its path without the extension: `me` for `file:twins/me.txt`.
std::string SourceStem(const std::string& uri);
// What a source's text says the persona is called: its first line that starts with `# `, as a
// persona's name may be; empty if there is none.
std::string HeadingName(std::string_view text);

// Each source from where its URI says.
class Sources : public PersonaSource {
 public:
  // References outlive it.
  Sources(PersonaSource& files, PersonaSource& objects) : files_(files), objects_(objects) {}
  absl::StatusOr<SourceText> Read(const std::string& uri) override;
  std::string Problem(const std::string& uri) const override;

 private:
  PersonaSource& Of(const std::string& uri) const;

  PersonaSource& files_;
  PersonaSource& objects_;
};

// Files under one folder. Looks for changes (time, size, inode) when asked, at most every 5 s, and
// reads a file only when it has changed; symbolic links may not lead out of the folder.
class FileSource : public PersonaSource {
 public:
  FileSource(std::filesystem::path folder, const Clock& clock);
  absl::StatusOr<SourceText> Read(const std::string& uri) override;

 private:
  // What tells one state of a file from another.
  struct Stamp {
    uint64_t inode = 0;
    int64_t size = 0;
    int64_t changed_nanos = 0;
    bool operator==(const Stamp&) const = default;
  };
  struct Entry {
    absl::Time checked = absl::InfinitePast();
    Stamp stamp;          // of `text`
    SourceText text;      // as last read; null before
    absl::Status status;  // of the last check
  };

  // Reads the file into `entry` if its stamp is not the entry's.
  absl::Status Check(const std::string& uri, Entry& entry) const;

  const std::filesystem::path folder_;
  const Clock& clock_;
  // Held while a file is read: files are small and local, and a second reader wants the same one.
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis::persona
