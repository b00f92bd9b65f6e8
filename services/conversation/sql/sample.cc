#include "services/conversation/sql/sample.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "dramatis/conversation/v1/rooms.pb.h"
#include "dramatis/persona/v1/persona.pb.h"

#include "absl/strings/str_cat.h"
#include "services/conversation/events/feed.h"
#include "services/conversation/model/room_closing.h"
#include "services/conversation/sql/rooms/rooms.h"
#include "services/deployment/sample_story.h"
#include "shared/ids/ids.h"
#include "shared/sql/joined_database.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

using persona::v1::PersonaType;
using sql::SampleId;
using sql::SampleState;

// Those of services/persona/sql/sample.cc.
struct SamplePersona {
  const char* key;
  const char* name;
  const char* owner;
  PersonaKind kind;
  PersonaType type;
};

constexpr SamplePersona kPersonas[] = {
    {"mara", "Mara Lindqvist", kSampleMara, PersonaKind::kHuman, PersonaType::PERSONA_TYPE_HUMAN},
    {"jonas", "Jonas Weber", kSampleJonas, PersonaKind::kHuman, PersonaType::PERSONA_TYPE_HUMAN},
    {"priya", "Priya Nair", kSamplePriya, PersonaKind::kHuman, PersonaType::PERSONA_TYPE_HUMAN},
    {"nell", "Nell", kSampleMara, PersonaKind::kAgent, PersonaType::PERSONA_TYPE_AI_AGENT},
    {"elias", "Keeper Elias", kSamplePriya, PersonaKind::kAgent,
     PersonaType::PERSONA_TYPE_AI_AGENT},
    {"voice", "The Voice on Channel 16", kSampleJonas, PersonaKind::kAmbiguous,
     PersonaType::PERSONA_TYPE_AI_AMBIGUOUS},
};

const SamplePersona& Find(const std::string& key) {
  return *std::find_if(std::begin(kPersonas), std::end(kPersonas),
                       [&](const SamplePersona& persona) { return persona.key == key; });
}

struct Line {
  const char* speaker;
  const char* text;
};

struct SampleRoom {
  const char* title;
  const char* topic;
  const char* description;
  const char* goal;
  std::vector<std::string> topic_tags;
  RoomVisibility visibility;
  bool ambiguous;
  int days_ago;
  // The first one opened it.
  std::vector<std::string> personas;
  std::vector<Line> lines;
  // Not empty: it was closed with these words.
  std::string closed;
};

std::vector<SampleRoom> Rooms() {
  return {
      {.title = "What the keeper saw",
       .topic = "The wreck of the Maren Dahl",
       .description = "Priya asks the last keeper about the night of 14 February 1962.",
       .goal = "A text for the third room of the museum.",
       .topic_tags = {"history", "logbook"},
       .visibility = RoomVisibility::kPublic,
       .ambiguous = false,
       .days_ago = 9,
       .personas = {"priya", "elias"},
       .lines = {{"priya", "Your logbook stops for two days after the wreck. Why?"},
                 {"elias", "Because there was nothing to write that was not a name."},
                 {"priya", "Olaf, Birger and Tomas."},
                 {"elias", "You read it, then. Tomas was seventeen. He had lied about his age."},
                 {"priya", "May we put the page on the wall?"},
                 {"elias",
                  "Put it where people must stoop to read it. And turn the lamp down there."},
                 {"priya", "We will."}},
       .closed = "The text is written."},
      {.title = "Opening weekend",
       .topic = "Planning the opening of the museum",
       .description = "Who does what until the light is lit again.",
       .goal = "A plan that survives the weather.",
       .topic_tags = {"planning", "museum"},
       .visibility = RoomVisibility::kPrivate,
       .ambiguous = false,
       .days_ago = 4,
       .personas = {"mara", "jonas", "priya", "nell"},
       .lines = {{"mara", "The council wants a date. Can the gallery carry visitors by 14 June?"},
                 {"jonas", "North and east side yes. The south side needs two dry weeks."},
                 {"nell",
                  "Then two dates: gallery closed on the 14th, or open on the 28th. Which "
                  "one costs more?"},
                 {"mara", "The 28th. Half of the money depends on June."},
                 {"priya", "The 28th is the birthday of the lens. 1884. I would not mind."},
                 {"nell",
                  "28 June it is, with the 14th for the school as a rehearsal. Jonas: south "
                  "side by the 20th. Priya: third room. Mara: the council."},
                 {"jonas", "I need somebody to hold planks on Saturday."},
                 {"mara", "I will. From the inside."}},
       .closed = ""},
      {.title = "Night watch on channel 16",
       .topic = "Who is out there?",
       .description = "The radio in the lantern room still works. Somebody answers.",
       .goal = "",
       .topic_tags = {"radio", "night"},
       .visibility = RoomVisibility::kUnlisted,
       .ambiguous = true,
       .days_ago = 1,
       .personas = {"jonas", "mara", "voice"},
       .lines = {{"jonas", "Skarv Point, Skarv Point. Anybody on sixteen?"},
                 {"voice", "I hear you, Skarv Point. Your lamp is dark and your kettle is loud."},
                 {"mara", "How do you know about the kettle?"},
                 {"voice",
                  "There is always a kettle. What are you guarding, the house or the light?"},
                 {"jonas", "Planks, mostly."},
                 {"voice", "Then you are the third keeper who tells me the truth."}},
       .closed = ""},
  };
}

// Ids of a room and of its lines, the same in every deployment, so that examples can name them. As
// rooms are sorted by their ids, these are UUIDv7 (RFC 9562) of the first milliseconds of 2026:
// older than what anybody makes, and in the order of the story.
class StoryIds : public IdSource {
 public:
  explicit StoryIds(int room) : room_(room) {}
  std::string NewId() override {
    const std::string rest = SampleId("conversation", absl::StrCat(room_, "\n", line_));
    return absl::StrCat("019b76da-", absl::Hex(room_, absl::kZeroPad2),
                        absl::Hex(line_++, absl::kZeroPad2), "-7", rest.substr(15));
  }

 private:
  const int room_;
  int line_ = 0;  // 0: the room itself
};

// Nobody follows rooms that are being made.
class NobodyListens : public RoomFeed {
 public:
  void Changed(const std::string& /*conversation_id*/) override {}
};

ParticipantRow ParticipantOf(const SamplePersona& persona, const RoomRow& room, int position) {
  persona::v1::RenderPersonaResponse facts;
  facts.set_persona_id(SampleId("persona", persona.key));
  facts.set_name(persona.name);
  facts.set_type(persona.type);
  facts.set_owner_id(persona.owner);
  ParticipantRow row;
  row.persona_id = facts.persona_id();
  row.user_id = persona.owner;
  row.brought_by = room.user_id;
  row.name = persona.name;
  row.kind = persona.kind;
  row.role = position == 0 ? Role::kInitiator : Role::kGuest;
  row.facts = facts.SerializeAsString();
  row.position = position;
  row.joined_at = room.created_at;
  return row;
}

Room RoomOf(const SampleRoom& sample, absl::Time now, const std::string& id) {
  const SamplePersona& first = Find(sample.personas.front());
  Room room;
  room.row.conversation_id = id;
  room.row.user_id = first.owner;
  room.row.persona_id = SampleId("persona", first.key);
  room.row.title = sample.title;
  room.row.topic = sample.topic;
  room.row.description = sample.description;
  room.row.goal = sample.goal;
  room.row.topic_tags = sample.topic_tags;
  room.row.visibility = sample.visibility;
  room.row.settings.set_max_participants(10);
  room.row.settings.set_allow_late_joining(true);
  room.row.settings.set_max_ai_responders(2);
  room.row.settings.set_ambiguous(sample.ambiguous);
  room.row.created_at = room.row.updated_at = room.row.last_message_at =
      now - absl::Hours(24 * sample.days_ago);
  // Long past, so that the personas are held soon.
  room.row.hold_expires_at = room.row.created_at;
  for (const std::string& key : sample.personas) {
    room.participants.push_back(
        ParticipantOf(Find(key), room.row, static_cast<int>(room.participants.size())));
  }
  return room;
}

absl::Status WriteRoom(RoomStore& store, const SampleRoom& sample, int number, absl::Time now) {
  sql::SampleClock clock(now - absl::Hours(24 * sample.days_ago));
  StoryIds ids(number);
  CallContext call;
  const v1::CreateConversationRequest nothing;
  const Idempotency once = {call, "SeedDatabase", nothing};
  const Room room = RoomOf(sample, now, ids.NewId());
  DRAMATIS_RETURN_IF_ERROR(store.CreateRoom(room, {}, once).status());
  for (const Line& line : sample.lines) {
    clock.Set(clock.Now() + absl::Seconds(95));
    const SamplePersona& speaker = Find(line.speaker);
    NewRoomMessage message;
    message.conversation_id = room.row.conversation_id;
    message.message_id = ids.NewId();
    message.persona_id = SampleId("persona", speaker.key);
    message.user_id = speaker.owner;
    message.content = line.text;
    message.now = clock.Now();
    message.check = [](const Room&) { return absl::OkStatus(); };
    DRAMATIS_RETURN_IF_ERROR(store.AppendRoomMessage(message, once).status());
  }
  if (sample.closed.empty()) return absl::OkStatus();
  const auto close = [&](Room& closed) {
    CloseRoom(closed.row, RoomStatus::kCompleted, sample.closed, clock.Now());
    return absl::OkStatus();
  };
  return store.ChangeRoom(room.row.conversation_id, clock.Now(), close, once).status();
}

absl::StatusOr<SampleState> State(sql::Transaction& tx) {
  sql::JoinedDatabase database(tx);
  NobodyListens feed;
  SqlRoomStore store(database, feed);
  RoomFilter filter;
  filter.admin = true;
  filter.persona_id = SampleId("persona", kPersonas[0].key);
  filter.limit = 1;
  DRAMATIS_ASSIGN_OR_RETURN(const std::vector<Room> rooms, store.ListRooms(filter));
  if (!rooms.empty()) return SampleState::kSeeded;
  DRAMATIS_ASSIGN_OR_RETURN(const bool occupied, sql::HoldsRows(tx));
  return occupied ? SampleState::kOccupied : SampleState::kEmpty;
}

absl::StatusOr<std::map<std::string, int>> Write(sql::Transaction& tx, absl::Time now) {
  sql::JoinedDatabase database(tx);
  NobodyListens feed;
  SqlRoomStore store(database, feed);
  std::map<std::string, int> written;
  const std::vector<SampleRoom> rooms = Rooms();
  for (const SampleRoom& room : rooms) {
    DRAMATIS_RETURN_IF_ERROR(WriteRoom(store, room, ++written["conversations"], now));
    written["messages"] += static_cast<int>(room.lines.size());
  }
  return written;
}

}  // namespace

const sql::SampleData& Sample() {
  static const sql::SampleData sample = {.state = State, .write = Write};
  return sample;
}

}  // namespace dramatis::conversation
