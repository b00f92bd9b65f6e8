#include "services/conversation/archives/archive_source.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "shared/status/macros.h"
#include "shared/text/json_items.h"

namespace dramatis::conversation {
namespace {

constexpr size_t kReadBytes = size_t{64} << 10;
constexpr std::string_view kZipMark("PK", 2);

bool TakePrefix(std::string_view* text, std::string_view prefix) {
  if (!text->starts_with(prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}

bool TakeSuffix(std::string_view* text, std::string_view suffix) {
  if (!text->ends_with(suffix)) return false;
  text->remove_suffix(suffix.size());
  return true;
}

absl::Status Unknown() {
  return absl::InvalidArgumentError(
      "it is neither an export of ChatGPT or Claude (a zip), nor a chat of SillyTavern (JSON "
      "lines), "
      "nor an archive of Dramatis (a zip)");
}

// The reading is to stop, though nothing is wrong.
absl::Status Enough() {
  return absl::CancelledError("enough");
}

absl::StatusOr<bool> IsZip(const TemporaryFile& file) {
  DRAMATIS_ASSIGN_OR_RETURN(const std::string begin, file.Read(0, kZipMark.size()));
  return begin == kZipMark;
}

// `conversations.json`, or a part of it, `conversations-012.json`, in whatever folder.
bool HasConversations(std::string_view name) {
  name = name.substr(name.rfind('/') + 1);
  if (!TakePrefix(&name, "conversations") || !TakeSuffix(&name, ".json")) {
    return false;
  }
  if (name.empty()) return true;
  if (!TakePrefix(&name, "-") || name.empty()) return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::vector<ZipFile::Entry> ConversationsOf(const ZipFile& zip) {
  std::vector<ZipFile::Entry> found;
  for (const ZipFile::Entry& entry : zip.entries()) {
    if (HasConversations(entry.name)) found.push_back(entry);
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return found;
}

absl::Status ReadArray(ZipFile& zip, const ZipFile::Entry& entry, const JsonItems::Taker& taker) {
  JsonItems items(JsonItems::Kind::kArray, taker);
  DRAMATIS_RETURN_IF_ERROR(
      zip.Read(entry, [&](std::string_view piece) { return items.Add(piece); }));
  return items.End();
}

absl::Status ReadLines(const TemporaryFile& file, const JsonItems::Taker& taker) {
  JsonItems items(JsonItems::Kind::kLines, taker);
  int64_t place = 0;
  while (true) {
    DRAMATIS_ASSIGN_OR_RETURN(const std::string piece, file.Read(place, kReadBytes));
    if (piece.empty()) break;
    place += static_cast<int64_t>(piece.size());
    DRAMATIS_RETURN_IF_ERROR(items.Add(piece));
  }
  return items.End();
}

absl::StatusOr<v1::ImportSource> SourceOfZip(const TemporaryFile& file) {
  DRAMATIS_ASSIGN_OR_RETURN(const std::unique_ptr<ZipFile> zip, ZipFile::Open(file));
  if (const ZipFile::Entry* const manifest = zip->Find(kManifestName)) {
    constexpr size_t kMostManifest = size_t{1} << 20;
    std::string text;
    DRAMATIS_RETURN_IF_ERROR(zip->Read(*manifest, [&](std::string_view piece) {
      text += piece;
      return text.size() > kMostManifest ? Unknown() : absl::OkStatus();
    }));
    if (absl::StrContains(text, kArchiveFormat)) return v1::IMPORT_SOURCE_DRAMATIS;
  }
  const std::vector<ZipFile::Entry> files = ConversationsOf(*zip);
  std::optional<ChatKind> kind;
  for (const ZipFile::Entry& entry : files) {
    const absl::Status read = ReadArray(*zip, entry, [&](const JsonItem& item) {
      kind = KindOfChat(item.text);
      return *kind == ChatKind::kNone ? absl::OkStatus() : Enough();
    });
    if (!read.ok() && !absl::IsCancelled(read)) return read;
    if (kind.has_value() && *kind != ChatKind::kNone) break;
  }
  if (files.empty() || kind == ChatKind::kNone) return Unknown();
  // An export without a single chat is whoever's: there is nothing to tell.
  return kind == ChatKind::kClaude ? v1::IMPORT_SOURCE_CLAUDE : v1::IMPORT_SOURCE_CHATGPT;
}

absl::Status ReadSillyTavern(const TemporaryFile& file, SillyTavernChat& chat) {
  int number = 0;
  return ReadLines(file, [&](const JsonItem& item) -> absl::Status {
    ++number;
    std::string_view line = item.text;
    if (number == 1) (void)TakePrefix(&line, "\xef\xbb\xbf");
    if (!item.too_large && line.find_first_not_of(" \t\r") == std::string_view::npos) {
      return absl::OkStatus();
    }
    const absl::Status read = item.too_large ? absl::InvalidArgumentError("it is too long")
                              : number == 1  ? chat.ReadHead(line)
                                             : chat.ReadMessage(line);
    if (read.ok() || !absl::IsInvalidArgument(read)) return read;
    return absl::InvalidArgumentError(absl::StrCat("line ", number, ": ", read.message()));
  });
}

}  // namespace

absl::StatusOr<v1::ImportSource> SourceOf(const TemporaryFile& file) {
  if (file.size() == 0) return absl::InvalidArgumentError("it is empty");
  DRAMATIS_ASSIGN_OR_RETURN(const bool is_zip, IsZip(file));
  if (is_zip) return SourceOfZip(file);
  bool is_head = false;
  const absl::Status read = ReadLines(file, [&](const JsonItem& item) {
    SillyTavernChat chat;
    std::string_view line = item.text;
    (void)TakePrefix(&line, "\xef\xbb\xbf");
    is_head = chat.ReadHead(line).ok();
    return Enough();
  });
  if (!read.ok() && !absl::IsCancelled(read)) return read;
  if (!is_head) return Unknown();
  // Small enough to be read at once, and so it is told at once where something is wrong.
  SillyTavernChat chat;
  DRAMATIS_RETURN_IF_ERROR(ReadSillyTavern(file, chat));
  return v1::IMPORT_SOURCE_SILLYTAVERN;
}

absl::StatusOr<std::string> CharacterOf(const TemporaryFile& file) {
  SillyTavernChat chat;
  DRAMATIS_RETURN_IF_ERROR(ReadSillyTavern(file, chat));
  return chat.character() == "unused" ? std::string() : chat.character();
}

absl::Status ReadChats(const TemporaryFile& file,
                       v1::ImportSource source,
                       int64_t skipped,
                       const ChatTaker& taker) {
  if (source == v1::IMPORT_SOURCE_SILLYTAVERN) {
    if (skipped > 0) return absl::OkStatus();
    SillyTavernChat chat;
    DRAMATIS_RETURN_IF_ERROR(ReadSillyTavern(file, chat));
    return taker(std::move(chat.chat()));
  }
  DRAMATIS_ASSIGN_OR_RETURN(const std::unique_ptr<ZipFile> zip, ZipFile::Open(file));
  for (const ZipFile::Entry& entry : ConversationsOf(*zip)) {
    DRAMATIS_RETURN_IF_ERROR(ReadArray(*zip, entry, [&](const JsonItem& item) -> absl::Status {
      if (skipped > 0) {
        --skipped;
        return absl::OkStatus();
      }
      if (item.too_large) return taker(absl::InvalidArgumentError("it has more than 16 MiB"));
      return taker(source == v1::IMPORT_SOURCE_CLAUDE ? ReadClaudeChat(item.text)
                                                      : ReadChatGptChat(item.text));
    }));
  }
  return absl::OkStatus();
}

}  // namespace dramatis::conversation
