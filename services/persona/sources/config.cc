#include "services/persona/sources/config.h"

#include "absl/strings/str_cat.h"
#include "services/persona/sources/source_text.h"
#include "services/persona/sources/sources.h"
#include "shared/ids/ids.h"

namespace dramatis::persona {
namespace {

constexpr const char* kDefaultPersona = "DRAMATIS_DEFAULT_PERSONA";
constexpr const char* kObjects = "DRAMATIS_OBJECTS";
constexpr int kLeastBiographyBytes = 1024;
constexpr const char* kMaxBiographyBytes = "DRAMATIS_PERSONA_MAX_BYTES";

}  // namespace

Config Config::From(Settings& settings, const CommonConfig& common) {
  Config config;
  config.persona_dir = absl::StrCat(common.data_dir, "/personas");
  config.default_persona = settings.Text(kDefaultPersona);
  config.restrict_ai_personas = settings.Flag("DRAMATIS_RESTRICT_AI_PERSONAS", false);
  config.max_biography_bytes_set = !settings.Text(kMaxBiographyBytes).empty();
  config.max_biography_bytes = settings.Integer(kMaxBiographyBytes, config.max_biography_bytes,
                                                kLeastBiographyBytes, config.max_biography_bytes);
  objects::Place objects =
      objects::ReadPlace(settings, kObjects, absl::StrCat("file:", common.data_dir, "/objects"));
  // The folder that is taken where none is named is one process's own: other replicas would not
  // find what is there.
  if (!settings.Text(kObjects).empty()) config.pictures = objects;
  if (objects.bucket.has_value()) {
    // Sources are called by their whole keys.
    objects.bucket->prefix.clear();
    config.buckets.emplace(objects.bucket->bucket, objects);
  }
  if (const std::string bucket = SplitObjectUri(config.default_persona).bucket;
      !bucket.empty() && !config.buckets.contains(bucket)) {
    config.buckets.emplace(bucket, objects::ReadBucket(settings, kDefaultPersona, bucket, ""));
  }
  if (IsSourceUri(config.default_persona)) {
    if (const std::string problem = SourceUriProblem(config.default_persona); !problem.empty()) {
      settings.Problem(kDefaultPersona, problem);
    }
  } else if (!config.default_persona.empty() && !IsUuid(config.default_persona)) {
    settings.Problem(kDefaultPersona,
                     "must be file:<path under the persona folder>, s3://bucket/key or an id");
  }
  return config;
}

}  // namespace dramatis::persona
