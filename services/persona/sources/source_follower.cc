#include "services/persona/sources/source_follower.h"

#include <cstdint>
#include <utility>

#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/status/outgoing.h"

namespace dramatis::persona {
namespace {

constexpr int kAttempts = 4;

// The definition with the source's new text. A persona of the deployment's own is called what its
// text says, until somebody renames it.
v1::Persona WithText(v1::Persona definition, const std::string& owner_id, const std::string& text) {
  if (owner_id == kSystemOwner && definition.name() == HeadingName(definition.biography())) {
    if (const std::string name = HeadingName(text); !name.empty()) definition.set_name(name);
  }
  definition.set_biography(text);
  return definition;
}

}  // namespace

void LogIfCut(const PersonaRow& row, size_t max_bytes, Logger& logger) {
  const size_t bytes = row.definition.biography().size();
  if (bytes <= max_bytes) return;
  logger.Warning("biography is over the limit and is cut at a paragraph in prompts",
                 {{"persona_id", row.persona_id},
                  {"version", row.version},
                  {"bytes", static_cast<int64_t>(bytes)},
                  {"limit", static_cast<int64_t>(max_bytes)}});
}

SourceFollower::SourceFollower(Store& store,
                               PersonaSource& source,
                               const Clock& clock,
                               Logger& logger,
                               size_t max_biography_bytes)
    : store_(store),
      source_(source),
      clock_(clock),
      logger_(logger),
      max_biography_bytes_(max_biography_bytes) {}

absl::StatusOr<PersonaRow> SourceFollower::Follow(PersonaRow row) {
  for (int attempt = 1; row.definition.has_source_uri() && !row.deleted; ++attempt) {
    const absl::StatusOr<SourceText> text = source_.Read(row.definition.source_uri());
    if (!text.ok()) {
      if (row.definition.biography().empty()) return text.status();
      MarkFailing(row, text.status());
      return row;
    }
    if (Seen(row.persona_id, *text)) return row;
    if (**text == row.definition.biography()) {
      MarkSeen(row.persona_id, *text);
      return row;
    }
    absl::StatusOr<PersonaRow> next = WriteVersion(row, *text);
    if (next.ok()) {
      MarkSeen(row.persona_id, *text);
      return next;
    }
    if (!absl::IsAborted(next.status()) || attempt == kAttempts) return next.status();
    // Somebody else wrote a version meanwhile, perhaps the same one.
    DRAMATIS_ASSIGN_OR_RETURN(row, store_.Find(row.persona_id));
  }
  return row;
}

absl::StatusOr<PersonaRow> SourceFollower::WriteVersion(PersonaRow row, const SourceText& text) {
  const std::string name = row.definition.name();
  row.definition = WithText(std::move(row.definition), row.owner_id, *text);
  row.update_time = clock_.Now();
  absl::Status written = store_.Update(row);
  if (absl::IsAlreadyExists(written) && row.definition.name() != name) {
    row.definition.set_name(name);
    written = store_.Update(row);
  }
  DRAMATIS_RETURN_IF_ERROR(written);
  ++row.version;
  logger_.Info("persona source has changed",
               {{"persona_id", row.persona_id}, {"version", row.version}});
  LogIfCut(row, max_biography_bytes_, logger_);
  return row;
}

bool SourceFollower::Seen(const std::string& persona_id, const SourceText& text) {
  const absl::MutexLock lock(&mutex_);
  State& state = states_[persona_id];
  if (state.failing) {
    state.failing = false;
    logger_.Info("persona source can be read again", {{"persona_id", persona_id}});
  }
  return state.seen != nullptr && (state.seen == text || *state.seen == *text);
}

void SourceFollower::MarkSeen(const std::string& persona_id, const SourceText& text) {
  const absl::MutexLock lock(&mutex_);
  states_[persona_id].seen = text;
}

void SourceFollower::MarkFailing(const PersonaRow& row, const absl::Status& status) {
  const absl::MutexLock lock(&mutex_);
  State& state = states_[row.persona_id];
  if (std::exchange(state.failing, true)) return;
  logger_.Warning("persona source cannot be read; the stored text stays in use",
                  {{"persona_id", row.persona_id}, {"reason", OperatorMessage(status)}});
}

}  // namespace dramatis::persona
