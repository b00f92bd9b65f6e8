// A conversation's messages as a model takes them: role turns from the answering persona's point of
// view. Pure function.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "dramatis/prompt/v1/prompt.pb.h"

#include "services/conversation/model/store.h"

namespace dramatis::conversation {

// Most of a history that is offered to a model, newest first: far more than any window takes.
inline constexpr size_t kMaxHistoryBytes = size_t{4} * 1024 * 1024;
inline constexpr size_t kMaxHistoryMessages = 1000;

// `messages` in time order. The persona's own lines are `assistant`, everybody else's `user`, with
// `Name: ` before each of their lines where `names` (by participant id) has one. Neighbours of one
// role become one, an empty line between them, under the id and number of the last and with the
// number of the first; but not across one of `ends`, the numbers at which summaries end that may
// stand for what comes before. Nothing follows the last line of somebody else: a history ends with
// `user`, or is empty.
std::vector<dramatis::prompt::v1::PromptMessage> RoleTurns(
    const std::vector<MessageRow>& messages,
    const std::string& persona_participant_id,
    const std::map<std::string, std::string>& names,
    const std::set<int>& ends = {});

}  // namespace dramatis::conversation
