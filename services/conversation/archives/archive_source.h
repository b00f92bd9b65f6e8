// A file that somebody brings along: what wrote it, and what is in it.
//
//   DRAMATIS_ASSIGN_OR_RETURN(const v1::ImportSource source, SourceOf(file));
//   ReadChats(file, source, [](const absl::StatusOr<Chat>& chat) {...});
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "dramatis/conversation/v1/archives.pb.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/conversation/archives/chats.h"
#include "services/conversation/archives/temporary_file.h"
#include "services/conversation/archives/zip_file.h"

namespace dramatis::conversation {

inline constexpr char kManifestName[] = "manifest.json";
inline constexpr char kArchiveFormat[] = "dramatis-archive";

// INVALID_ARGUMENT, for people, where it is nothing that can be imported, or broken.
absl::StatusOr<v1::ImportSource> SourceOf(const TemporaryFile& file);

// Takes the next chat, or why there is none where one should be. An error ends the reading.
using ChatTaker = std::function<absl::Status(absl::StatusOr<Chat>)>;

// Of a file of ChatGPT, Claude or SillyTavern: every chat in it, always in the same order. Passes
// over the first `skipped` of them. INVALID_ARGUMENT as SourceOf; the taker's errors.
absl::Status ReadChats(const TemporaryFile& file,
                       v1::ImportSource source,
                       int64_t skipped,
                       const ChatTaker& taker);

// The character's name in a chat of SillyTavern; empty where it has none.
absl::StatusOr<std::string> CharacterOf(const TemporaryFile& file);

}  // namespace dramatis::conversation
