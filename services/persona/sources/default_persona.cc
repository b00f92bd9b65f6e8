#include "services/persona/sources/default_persona.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "services/persona/sources/source_follower.h"
#include "shared/ids/ids.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/status/outgoing.h"
#include "shared/status/system_message.h"
#include "shared/text/graphemes.h"
#include "shared/text/names.h"
#include "shared/text/text.h"

namespace dramatis::persona {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSampleUri = "file:me.txt";
constexpr const char* kSampleFile = "me.txt";

std::string SourceUriOf(const std::string& setting) {
  if (setting.empty()) return kSampleUri;
  return IsSourceUri(setting) ? setting : "";
}

std::string PersonaIdOf(const std::string& setting) {
  const std::string source_uri = SourceUriOf(setting);
  return source_uri.empty() ? setting : NameId(absl::StrCat("default-persona\n", source_uri));
}

std::string NameOf(const std::string& uri, const std::string& text) {
  if (const std::string heading = HeadingName(text); !heading.empty()) return heading;
  const std::string visible = WithoutInvisible(SourceStem(uri));
  const std::string stem(FirstGraphemes(visible, kMostNameCodePoints));
  return CodePoints(stem) < 2 ? absl::StrCat("Persona ", stem) : stem;
}

}  // namespace

DefaultPersona::DefaultPersona(const Config& config,
                               std::string_view sample,
                               Store& store,
                               PersonaSource& source,
                               const Clock& clock,
                               Logger& logger)
    : config_(config),
      sample_(sample),
      store_(store),
      source_(source),
      clock_(clock),
      logger_(logger),
      source_uri_(SourceUriOf(config.default_persona)),
      persona_id_(PersonaIdOf(config.default_persona)),
      exists_(source_uri_.empty()) {}

void DefaultPersona::Start() {
  if (const absl::StatusOr<std::string> id = Id(); !id.ok()) {
    logger_.Error("default persona could not be made; it is tried again when asked for",
                  {{"persona_id", persona_id_}, {"reason", OperatorMessage(id.status())}});
  }
}

absl::StatusOr<std::string> DefaultPersona::Id() {
  {
    const absl::MutexLock lock(&mutex_);
    if (exists_) return persona_id_;
  }
  // Without the lock: Ensure may wait for the database, and is safe to run twice.
  DRAMATIS_RETURN_IF_ERROR(Ensure());
  const absl::MutexLock lock(&mutex_);
  exists_ = true;
  return persona_id_;
}

absl::Status DefaultPersona::Ensure() {
  const absl::StatusOr<PersonaRow> stored = store_.Find(persona_id_);
  if (!stored.ok() && !absl::IsNotFound(stored.status())) return stored.status();
  const bool is_sample = config_.default_persona.empty();
  if (stored.ok() && !stored->deleted) {
    // An earlier start made it: its stored text serves even without the source. The sample comes
    // back for whoever wants to edit it, but never takes the place of a text of the operator's.
    if (is_sample && stored->definition.biography() == sample_) {
      if (const absl::Status status = WriteSample(); !status.ok()) {
        logger_.Warning("sample persona could not be written",
                        {{"reason", OperatorMessage(status)}});
      }
    }
    return absl::OkStatus();
  }

  if (is_sample) DRAMATIS_RETURN_IF_ERROR(WriteSample());
  DRAMATIS_ASSIGN_OR_RETURN(const SourceText text, source_.Read(source_uri_));
  PersonaRow row;
  row.persona_id = persona_id_;
  row.owner_id = kSystemOwner;
  row.create_time = row.update_time = clock_.Now();
  row.definition.set_name(NameOf(source_uri_, *text));
  row.definition.set_type(v1::PERSONA_TYPE_AI_AGENT);
  row.definition.set_source_uri(source_uri_);
  row.definition.set_biography(*text);
  row.definition.set_is_public(true);
  absl::StatusOr<bool> made = store_.Ensure(row);
  if (absl::IsAlreadyExists(made.status())) {
    // The default persona of another setting has the name: the id tells them apart.
    const std::string suffix = absl::StrCat(" (", persona_id_.substr(0, 8), ")");
    row.definition.set_name(absl::StrCat(
        std::string(FirstGraphemes(row.definition.name(), kMostNameCodePoints - suffix.size())),
        suffix));
    made = store_.Ensure(row);
  }
  DRAMATIS_RETURN_IF_ERROR(made.status());
  if (*made) {
    logger_.Info("default persona made", {{"persona_id", persona_id_}});
    LogIfCut(row, config_.max_biography_bytes, logger_);
  }
  return absl::OkStatus();
}

absl::Status DefaultPersona::WriteSample() const {
  const fs::path folder = config_.persona_dir;
  const fs::path file = folder / kSampleFile;
  std::error_code error;
  fs::create_directories(folder, error);
  if (error)
    return InternalError(absl::StrCat("cannot make ", folder.string(), ": ", error.message()));
  if (fs::exists(file, error)) return absl::OkStatus();

  // Written aside and then linked: readers see all of it or nothing, and a file that somebody else
  // put there meanwhile stays.
  const fs::path draft = folder / absl::StrCat(".", kSampleFile, ".", getpid());
  {
    std::ofstream out(draft, std::ios::binary | std::ios::trunc);
    out.write(sample_.data(), static_cast<std::streamsize>(sample_.size()));
    out.close();
    if (!out) {
      return InternalError(absl::StrCat("cannot write ", draft.string(), ": ", SystemMessage(errno),
                                        ": make room there, or give this user the right to write"));
    }
  }
  fs::create_hard_link(draft, file, error);
  std::error_code ignored;
  if (error && !fs::exists(file, ignored)) {
    // A file system without hard links.
    fs::rename(draft, file, error);
    return error ? InternalError(error.message()) : absl::OkStatus();
  }
  fs::remove(draft, ignored);
  return absl::OkStatus();
}

}  // namespace dramatis::persona
