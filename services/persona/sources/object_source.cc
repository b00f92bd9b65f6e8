#include "services/persona/sources/object_source.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/persona/sources/source_text.h"
#include "shared/status/macros.h"
#include "shared/status/outgoing.h"

namespace dramatis::persona {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(1);

absl::Status NamingObject(const std::string& uri, const absl::Status& why) {
  return WithCause(SourceUnavailable("its bucket does not give it"),
                   absl::StrCat("cannot use the persona object ", uri, ": ", why.message(),
                                ": put a text in UTF-8 there that this program may read; it is "
                                "looked for again every few seconds"));
}

}  // namespace

ObjectSource::ObjectSource(std::map<std::string, objects::Objects*> buckets, const Clock& clock)
    : buckets_(std::move(buckets)), clock_(clock) {}

std::string ObjectSource::Problem(const std::string& uri) const {
  if (std::string problem = SourceUriProblem(uri); !problem.empty()) return problem;
  return buckets_.contains(SplitObjectUri(uri).bucket)
             ? ""
             : "must be in the bucket of DRAMATIS_OBJECTS or DRAMATIS_DEFAULT_PERSONA";
}

absl::StatusOr<SourceText> ObjectSource::Read(const std::string& uri) {
  if (const std::string problem = Problem(uri); !problem.empty()) {
    return SourceUnavailable(problem);
  }
  const absl::MutexLock lock(&mutex_);
  std::unique_ptr<Entry>& kept = entries_[uri];
  if (kept == nullptr) kept = std::make_unique<Entry>();
  Entry& entry = *kept;
  const absl::Time now = clock_.Now();
  if (!entry.checking && now - entry.checked >= kSourceCheckInterval) {
    entry.checked = now;
    entry.checking = executor_.TryPost([this, uri] { Check(uri); });
    if (!entry.checking && entry.text == nullptr) {
      return SourceUnavailable("too many sources are read at once");
    }
  }
  const absl::Condition checked(+[](Entry* of) { return !of->checking; }, &entry);
  if (entry.text == nullptr && entry.status.ok()) {
    mutex_.Await(checked);
  } else if (!mutex_.AwaitWithTimeout(checked, kPatience) && entry.text != nullptr) {
    return entry.text;
  }
  if (!entry.status.ok()) return entry.status;
  return entry.text;
}

void ObjectSource::Check(const std::string& uri) {
  std::string version;
  {
    const absl::MutexLock lock(&mutex_);
    version = entries_[uri]->version;
  }
  absl::StatusOr<SourceText> text = ReadNew(uri, version);
  const absl::MutexLock lock(&mutex_);
  Entry& entry = *entries_[uri];
  entry.checking = false;
  entry.status = text.ok() ? absl::OkStatus() : NamingObject(uri, text.status());
  if (!text.ok() || *text == nullptr) return;
  entry.text = *std::move(text);
  entry.version = std::move(version);
}

absl::StatusOr<SourceText> ObjectSource::ReadNew(const std::string& uri,
                                                 std::string& version) const {
  const ObjectUri parts = SplitObjectUri(uri);
  objects::Objects& bucket = *buckets_.at(parts.bucket);
  if (!version.empty()) {
    DRAMATIS_ASSIGN_OR_RETURN(const objects::ObjectInfo found, bucket.Look(parts.key));
    if (found.version == version) return SourceText();
  }
  std::string text;
  DRAMATIS_ASSIGN_OR_RETURN(const objects::ObjectInfo read,
                            bucket.Get(parts.key, [&](std::string_view piece) -> absl::Status {
                              text += piece;
                              if (text.size() <= kMostSourceBytes) return absl::OkStatus();
                              return absl::ResourceExhaustedError("it is over 1 MiB");
                            }));
  DRAMATIS_RETURN_IF_ERROR(CheckSourceText(text));
  version = read.version;
  return std::make_shared<const std::string>(std::move(text));
}

}  // namespace dramatis::persona
