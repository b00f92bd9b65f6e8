#include "shared/call/if_match.h"

#include "shared/status/errors.h"
#include "shared/text/text.h"

namespace dramatis {
namespace {

bool Consume(std::string_view& text, char first) {
  if (text.empty() || text.front() != first) return false;
  text.remove_prefix(1);
  return true;
}

// Takes the first tag and the comma after it from a list of tags: whether it is `etag`. Takes
// everything where the list is broken: what follows cannot be told from the inside of a tag.
bool TakeTag(std::string_view& list, std::string_view etag) {
  const bool weak = list.starts_with("W/\"");
  if (weak) list.remove_prefix(2);
  const bool quoted = Consume(list, '"');
  const std::string_view tag = list.substr(0, list.find(quoted ? '"' : ','));
  list.remove_prefix(tag.size());
  const bool closed = !quoted || Consume(list, '"');
  list = TrimSpace(list);
  if (!closed || (!list.empty() && !Consume(list, ','))) {
    list = {};
    return false;
  }
  return !weak && (quoted ? tag : TrimSpace(tag)) == etag;
}

bool Names(std::string_view if_match, std::string_view etag) {
  std::string_view list = TrimSpace(if_match);
  if (list == "*") return true;
  while (!list.empty()) {
    if (TakeTag(list, etag)) return true;
    list = TrimSpace(list);
  }
  return false;
}

}  // namespace

absl::Status CheckIfMatch(const CallContext& call, std::string_view etag) {
  if (call.if_match.empty() || Names(call.if_match, etag)) return absl::OkStatus();
  return EtagMismatchError();
}

}  // namespace dramatis
