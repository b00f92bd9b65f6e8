// What is looked for in messages and titles, and where in a text it was found. Words are those of
// shared/text/words.h. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dramatis/conversation/v1/search.pb.h"

#include "services/conversation/model/room_rows.h"
#include "services/conversation/model/store.h"

namespace dramatis::conversation {

// How a text is found.
struct SearchText {
  std::string words;  // each once, separated by spaces
  int size = 0;       // how many
};

// By each of its words; of a very long text, by those of its beginning.
SearchText MessageSearchText(std::string_view content);
// By each of its words and by the beginnings of them: who types finds it before they have finished.
SearchText TitleSearchText(std::string_view title);
SearchText RoomSearchText(const RoomRow& room);

// What to look for: all of these.
std::vector<std::string> SearchedWords(std::string_view q);

// Where the words stand in the text of a place; of a title also words that begin with them.
v1::SearchMatch MatchIn(v1::MatchField field,
                        const std::string& text,
                        const std::vector<std::string>& words);

// The places of a session or a room as the API shows them.
std::vector<v1::SearchMatch> MatchesOf(const std::string& title,
                                       const std::vector<FoundPlace>& places,
                                       const std::vector<std::string>& words);
std::vector<v1::SearchMatch> MatchesOf(const RoomRow& room,
                                       const std::vector<FoundPlace>& places,
                                       const std::vector<std::string>& words);

}  // namespace dramatis::conversation
