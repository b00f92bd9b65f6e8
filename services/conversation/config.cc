#include "services/conversation/config.h"

#include "absl/strings/str_cat.h"

namespace dramatis::conversation {
namespace {

constexpr absl::Duration kShortestRetention = absl::Seconds(1);
constexpr absl::Duration kLongestRetention = absl::Hours(24 * 366 * 100);

}  // namespace

Config Config::From(Settings& settings, const CommonConfig& common) {
  Config config;
  config.turn_lease = settings.Duration("DRAMATIS_TURN_LEASE", config.turn_lease,
                                        absl::Milliseconds(300), absl::Minutes(10));
  config.response_delay = settings.Flag("DRAMATIS_RESPONSE_DELAY", config.response_delay);
  config.openai_session_headers =
      settings.Flag("DRAMATIS_OPENAI_SESSION_HEADERS", config.openai_session_headers);
  config.title_model = settings.Text("DRAMATIS_TITLE_MODEL", "");
  config.objects = objects::ReadPlace(settings, "DRAMATIS_OBJECTS",
                                      absl::StrCat("file:", common.data_dir, "/objects"));
  constexpr char kTranscripts[] = "DRAMATIS_TRANSCRIPTS";
  constexpr char kTranscriptRetention[] = "DRAMATIS_TRANSCRIPT_RETENTION";
  if (!settings.Text(kTranscripts).empty()) {
    config.transcripts = objects::ReadPlace(settings, kTranscripts, "");
  }
  config.retention = settings.Duration("DRAMATIS_RETENTION", config.retention, kShortestRetention,
                                       kLongestRetention);
  config.transcript_retention = settings.Duration(kTranscriptRetention, config.transcript_retention,
                                                  kShortestRetention, kLongestRetention);
  if (config.transcript_retention == absl::InfiniteDuration()) return config;
  if (!config.transcripts.has_value()) {
    settings.Problem(kTranscriptRetention,
                     "is of transcripts, and DRAMATIS_TRANSCRIPTS is not set");
  } else if (config.retention < absl::InfiniteDuration() &&
             config.transcript_retention < config.retention) {
    settings.Problem(kTranscriptRetention, "must not be shorter than DRAMATIS_RETENTION");
  }
  return config;
}

}  // namespace dramatis::conversation
