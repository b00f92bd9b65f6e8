#include "services/conversation/archives/import_job.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <boost/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "services/conversation/archives/archive_source.h"
#include "services/conversation/model/titles.h"
#include "services/conversation/sessions/new_session.h"
#include "shared/digest/sha256.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/text/graphemes.h"
#include "shared/text/json_items.h"
#include "shared/text/text.h"

namespace dramatis::conversation {
namespace {

// What is stored in one transaction, so that others who write wait a moment only.
constexpr size_t kMessagesAtOnce = 500;
constexpr size_t kSessionsAtOnce = 64;
constexpr size_t kLinesAtOnce = 200;
constexpr size_t kBytesAtOnce = size_t{2} << 20;
constexpr size_t kMostSessionId = 128;
constexpr int kMostTitle = 200;
constexpr char kLines[] = ".jsonl";
constexpr char kOwn[] = "conversation";

const char* NameOf(v1::ImportSource source) {
  switch (source) {
    case v1::IMPORT_SOURCE_CLAUDE:
      return "Claude";
    case v1::IMPORT_SOURCE_SILLYTAVERN:
      return "SillyTavern";
    default:
      return "ChatGPT";
  }
}

const char* PrefixOf(v1::ImportSource source) {
  switch (source) {
    case v1::IMPORT_SOURCE_CLAUDE:
      return "claude-";
    case v1::IMPORT_SOURCE_SILLYTAVERN:
      return "sillytavern-";
    default:
      return "chatgpt-";
  }
}

// One line, without control characters, as many whole graphemes as have at most kMostTitle code
// points.
std::string TitleFor(const Chat& chat) {
  std::string title = chat.title;
  for (char& c : title) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = ' ';
  }
  title = std::string(FirstGraphemes(title, kMostTitle));
  title = std::string(TrimSpace(title));
  if (!title.empty()) return title;
  for (const ChatMessage& message : chat.messages) {
    if (message.from_user) return TitleOf(message.text);
  }
  return "";
}

std::string SessionIdFor(v1::ImportSource source, const Chat& chat) {
  const std::string named = absl::StrCat(PrefixOf(source), chat.id);
  const bool plain =
      !chat.id.empty() && named.size() <= kMostSessionId &&
      std::all_of(chat.id.begin(), chat.id.end(), [](char c) {
        return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
      });
  if (plain) return named;
  std::string facts = absl::StrCat(chat.id, "\n", chat.title, "\n");
  if (chat.id.empty() && !chat.messages.empty()) absl::StrAppend(&facts, chat.messages[0].text);
  return absl::StrCat(PrefixOf(source), Sha256Hex(facts).substr(0, 32));
}

void Count(v1::Import& report, const std::string& kind, int by) {
  if (by != 0) (*report.mutable_counts())[kind] += by;
}

}  // namespace

CallContext ImportJob::Call() const {
  CallContext call;
  call.identity.user_id = job_.user_id;
  call.correlation_id = absl::StrCat("import-", job_.job_id);
  return call;
}

void ImportJob::LeaveOut(JobRow& job, const std::string& item, const std::string& reason) const {
  Count(job.report, "leftOut", 1);
  if (job.report.left_out_size() >= kMostLeftOut) return;
  v1::LeftOut& left = *job.report.add_left_out();
  left.set_item(item);
  left.set_reason(reason);
}

absl::Status ImportJob::Run() {
  DRAMATIS_ASSIGN_OR_RETURN(const std::unique_ptr<TemporaryFile> file,
                            TemporaryFile::Make(tools_.folder));
  const auto fetched = tools_.objects.Get(
      job_.object_key, [&](std::string_view piece) { return file->Append(piece); });
  if (absl::IsNotFound(fetched.status())) {
    return absl::InvalidArgumentError("the file is gone: send it again");
  }
  DRAMATIS_RETURN_IF_ERROR(fetched.status());
  return job_.source == v1::IMPORT_SOURCE_DRAMATIS ? RunArchive(*file) : RunChats(*file);
}

absl::Status ImportJob::RunChats(const TemporaryFile& file) {
  DRAMATIS_ASSIGN_OR_RETURN(const SessionRow persona, FindPersona(file));
  DRAMATIS_RETURN_IF_ERROR(
      ReadChats(file, job_.source, job_.position, [&](absl::StatusOr<Chat> chat) -> absl::Status {
        DRAMATIS_RETURN_IF_ERROR(Check());
        return AddChat(std::move(chat), persona);
      }));
  return SaveChats();
}

absl::StatusOr<SessionRow> ImportJob::FindPersona(const TemporaryFile& file) {
  SessionRow row;
  row.persona_id = job_.persona_id;
  if (row.persona_id.empty()) {
    std::string name;
    if (job_.source == v1::IMPORT_SOURCE_SILLYTAVERN) {
      DRAMATIS_ASSIGN_OR_RETURN(name, CharacterOf(file));
    }
    if (TrimSpace(name).size() < 2) name = NameOf(job_.source);
    DRAMATIS_ASSIGN_OR_RETURN(row.persona_id, MakePersona(name));
  }
  dramatis::persona::v1::RenderPersonaRequest request;
  request.set_persona_id(row.persona_id);
  request.set_user_id(job_.user_id);
  const absl::StatusOr<RenderedPersona> rendered =
      tools_.personas.Render(Call().AsService(job_.user_id), request).get();
  if (absl::IsNotFound(rendered.status())) {
    return absl::InvalidArgumentError("the persona that the chats were to be put under is gone");
  }
  DRAMATIS_RETURN_IF_ERROR(rendered.status());
  row.persona_name = rendered->name();
  return row;
}

absl::StatusOr<std::string> ImportJob::MakePersona(const std::string& name) {
  std::string reason;
  for (const std::string& tried : {name, absl::StrCat(name, " (imported)")}) {
    const std::string id = NameId(absl::StrCat("import\n", job_.user_id, "\n", tried));
    admin::v1::ImportUserRequest request;
    request.set_service("persona");
    request.set_user_id(job_.user_id);
    request.set_as_admin(job_.as_admin);
    request.add_lines(boost::json::serialize(boost::json::object{
        {"persona", {{"personaId", id}, {"name", tried}, {"type", "PERSONA_TYPE_AI_AGENT"}}}}));
    DRAMATIS_ASSIGN_OR_RETURN(const admin::v1::ImportUserResponse made,
                              tools_.neighbours.Import(Call(), request));
    if (made.left_out().empty()) return id;
    reason = made.left_out(0).reason();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("no persona could be made for the chats, name one as personaId: ", reason));
}

absl::Status ImportJob::AddChat(absl::StatusOr<Chat> read, const SessionRow& persona) {
  ++read_;
  const auto leave_out = [&](std::string item, std::string reason) {
    v1::LeftOut& left = left_out_.emplace_back();
    left.set_item(std::move(item));
    left.set_reason(std::move(reason));
  };
  if (!read.ok()) {
    if (!absl::IsInvalidArgument(read.status())) return read.status();
    leave_out(absl::StrCat("chat ", job_.position + read_), std::string(read.status().message()));
    return absl::OkStatus();
  }
  const Chat& chat = *read;
  const std::string title = TitleFor(chat);
  if (chat.messages.empty()) {
    leave_out(title, "it has no text");
  } else {
    if (chat.without_text > 0) {
      leave_out(title, absl::StrCat(chat.without_text, " of its messages have no text"));
    }
    if (chat.cut > 0) {
      leave_out(title, absl::StrCat(chat.cut, " of its messages were cut after ",
                                    kMostPastCharacters, " characters"));
    }
    PastSession session;
    SessionRow& row = session.row;
    row = persona;
    row.user_id = job_.user_id;
    row.session_id = SessionIdFor(job_.source, chat);
    row.conversation_id = ConversationIdOf(row.user_id, row.session_id);
    row.title = title;
    row.title_given = !TrimSpace(chat.title).empty();
    absl::Time time =
        std::min(chat.created.value_or(chat.messages.front().time.value_or(job_.created_at)),
                 job_.created_at);
    row.created_at = time;
    for (const ChatMessage& said : chat.messages) {
      MessageRow& message = session.messages.emplace_back();
      time = std::min(said.time.value_or(time), job_.created_at);
      message.message_id = NameId(absl::StrCat(row.conversation_id, "\n", session.messages.size()));
      message.persona_id = said.from_user ? "" : row.persona_id;
      message.content = said.text;
      message.created_at = time;
      bytes_ += said.text.size();
    }
    row.last_activity_at =
        std::max(row.created_at, std::min(chat.updated.value_or(time), job_.created_at));
    row.ttl = kDefaultTtl;
    row.expires_at = std::min(row.last_activity_at + row.ttl, job_.created_at);
    row.hold_expires_at = absl::UnixEpoch();
    messages_ += session.messages.size();
    sessions_.push_back(std::move(session));
  }
  const bool full = messages_ >= kMessagesAtOnce || sessions_.size() >= kSessionsAtOnce ||
                    bytes_ >= kBytesAtOnce || read_ >= int64_t{kMessagesAtOnce};
  return full ? SaveChats() : absl::OkStatus();
}

absl::Status ImportJob::SaveChats() {
  DRAMATIS_RETURN_IF_ERROR(tools_.store
                               .SavePast(job_, sessions_, LeaseEnds(),
                                         [&](JobRow& job, const PastWritten& written) {
                                           Count(job.report, "sessions", written.sessions);
                                           Count(job.report, "messages", written.messages);
                                           Count(job.report, "unchanged", written.unchanged);
                                           for (const v1::LeftOut& left : left_out_)
                                             LeaveOut(job, left.item(), left.reason());
                                           job.position += read_;
                                         })
                               .status());
  sessions_.clear();
  left_out_.clear();
  messages_ = bytes_ = 0;
  read_ = 0;
  return absl::OkStatus();
}

absl::Status ImportJob::CheckManifest(ZipFile& zip) const {
  const ZipFile::Entry* const manifest = zip.Find(kManifestName);
  if (manifest == nullptr) return absl::InvalidArgumentError("the archive has no manifest");
  std::string text;
  DRAMATIS_RETURN_IF_ERROR(zip.Read(*manifest, [&](std::string_view piece) {
    text += piece;
    return text.size() > kMostItemBytes ? absl::InvalidArgumentError("its manifest is too large")
                                        : absl::OkStatus();
  }));
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse(text, error);
  const auto* const object = error ? nullptr : value.if_object();
  const auto* const version = object == nullptr ? nullptr : object->if_contains("version");
  const auto* const files = object == nullptr ? nullptr : object->if_contains("files");
  if (version == nullptr || files == nullptr || !files->is_array()) {
    return absl::InvalidArgumentError("the archive's manifest cannot be read");
  }
  if (*version != 1) {
    return absl::InvalidArgumentError("the archive was written by a newer Dramatis");
  }
  for (const boost::json::value& file : files->as_array()) {
    const auto* const facts = file.if_object();
    const auto* const name = facts == nullptr ? nullptr : facts->if_contains("name");
    const auto* const sum = facts == nullptr ? nullptr : facts->if_contains("sha256");
    if (name == nullptr || sum == nullptr || !name->is_string() || !sum->is_string()) {
      return absl::InvalidArgumentError("the archive's manifest cannot be read");
    }
    const ZipFile::Entry* const entry =
        zip.Find({name->as_string().data(), name->as_string().size()});
    if (entry == nullptr) return absl::InvalidArgumentError("the archive lacks one of its files");
    Sha256 hash;
    DRAMATIS_RETURN_IF_ERROR(zip.Read(*entry, [&](std::string_view piece) {
      hash.Add(piece);
      return Check();
    }));
    if (hash.Hex() != std::string_view(sum->as_string().data(), sum->as_string().size())) {
      return absl::InvalidArgumentError(
          absl::StrCat("the archive was changed: ", entry->name, " is not what its manifest says"));
    }
  }
  return absl::OkStatus();
}

absl::Status ImportJob::RunArchive(const TemporaryFile& file) {
  {
    DRAMATIS_ASSIGN_OR_RETURN(const std::unique_ptr<ZipFile> zip, ZipFile::Open(file));
    DRAMATIS_RETURN_IF_ERROR(CheckManifest(*zip));
  }
  DRAMATIS_ASSIGN_OR_RETURN(const std::unique_ptr<ZipFile> zip, ZipFile::Open(file));
  std::vector<std::string> services = tools_.neighbours.services();
  services.emplace_back(kOwn);
  for (const std::string& service : services) {
    const ZipFile::Entry* const entry = zip->Find(absl::StrCat(service, kLines));
    if (entry != nullptr) DRAMATIS_RETURN_IF_ERROR(ImportFile(*zip, *entry, service));
  }
  return absl::OkStatus();
}

absl::Status ImportJob::ImportFile(ZipFile& zip,
                                   const ZipFile::Entry& entry,
                                   const std::string& service) {
  JsonItems items(JsonItems::Kind::kLines, [&](const JsonItem& item) -> absl::Status {
    DRAMATIS_RETURN_IF_ERROR(Check());
    if (++place_ <= job_.position + read_) return absl::OkStatus();  // done before
    if (bytes_ + item.text.size() > kBytesAtOnce && !lines_.empty()) {
      DRAMATIS_RETURN_IF_ERROR(SaveLines(service));
    }
    ++read_;
    bytes_ += item.text.size();
    if (item.too_large) {
      v1::LeftOut& left = left_out_.emplace_back();
      left.set_item(absl::StrCat(entry.name, ", line ", place_));
      left.set_reason("it has more than 16 MiB");
    } else {
      lines_.emplace_back(item.text);
    }
    return lines_.size() >= kLinesAtOnce ? SaveLines(service) : absl::OkStatus();
  });
  DRAMATIS_RETURN_IF_ERROR(
      zip.Read(entry, [&](std::string_view piece) { return items.Add(piece); }));
  DRAMATIS_RETURN_IF_ERROR(items.End());
  return SaveLines(service);
}

absl::Status ImportJob::SaveLines(const std::string& service) {
  if (read_ == 0) return absl::OkStatus();
  if (service == kOwn) {
    DRAMATIS_RETURN_IF_ERROR(tools_.store.SaveLines(
        job_, lines_, LeaseEnds(), [&](JobRow& job, const UserImport& import) {
          for (const auto& [kind, count] : import.counts)
            Count(job.report, kind, count);
          for (const UserImport::LeftOut& left : import.left_out)
            LeaveOut(job, left.item, left.reason);
          for (const v1::LeftOut& left : left_out_)
            LeaveOut(job, left.item(), left.reason());
          job.position += read_;
        }));
  } else {
    DRAMATIS_RETURN_IF_ERROR(SaveNeighboursLines(service));
  }
  lines_.clear();
  left_out_.clear();
  bytes_ = 0;
  read_ = 0;
  return absl::OkStatus();
}

absl::Status ImportJob::SaveNeighboursLines(const std::string& service) {
  admin::v1::ImportUserRequest request;
  request.set_service(service);
  request.set_user_id(job_.user_id);
  request.set_as_admin(job_.as_admin);
  for (std::string& line : lines_)
    request.add_lines(std::move(line));
  DRAMATIS_ASSIGN_OR_RETURN(const admin::v1::ImportUserResponse made,
                            tools_.neighbours.Import(Call(), request));
  JobRow next = job_;
  for (const auto& [kind, count] : made.counts())
    Count(next.report, kind, count);
  for (const auto& left : made.left_out())
    LeaveOut(next, left.item(), left.reason());
  for (const v1::LeftOut& left : left_out_)
    LeaveOut(next, left.item(), left.reason());
  next.position += read_;
  DRAMATIS_RETURN_IF_ERROR(tools_.store.Save(next, LeaseEnds()));
  job_ = std::move(next);
  return absl::OkStatus();
}

}  // namespace dramatis::conversation
