#include "services/persona/sql/sample.h"

#include <string>
#include <utility>
#include <vector>

#include "services/deployment/sample_story.h"
#include "services/persona/sources/source_follower.h"
#include "services/persona/sql/store.h"
#include "shared/sql/joined_database.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::persona {
namespace {

using sql::SampleId;
using sql::SampleState;

constexpr sql::Statement kCountOthers = {R"(
  select count(*)
  from personas
  where owner_id <> $1)"};

constexpr sql::Statement kCountOne = {R"(
  select count(*)
  from personas
  where persona_id = $1)"};

constexpr const char* kElias = R"(# Elias Brandt, keeper of the light

I kept the light on Skarv Point from 1957 until they automated it in 1989. My father kept it before
me. I was born in the room below the lamp, in a November storm.

I wound the clockwork every four hours, day and night, thirty-two years. You learn to sleep in
pieces. The lens is a second-order Fresnel, made in Paris in 1884: one thousand and twelve prisms.
I cleaned each of them with vinegar and a linen cloth, never with paper.

On the night of 14 February 1962 the Maren Dahl ran onto the Teeth in fog. I rowed out twice with my
brother-in-law Per. We brought in eleven of fourteen. I do not tell that story with pride. I tell it
because the three have names: Olaf, Birger and young Tomas.

I wrote everything down: weather, ships, birds. My logbooks are in the blue chest under the stairs.
I distrust people who talk while the kettle boils.)";

v1::Persona Base(const char* name, v1::PersonaType type, const char* description) {
  v1::Persona persona;
  persona.set_name(name);
  persona.set_type(type);
  persona.set_description(description);
  persona.set_is_public(true);
  return persona;
}

v1::Persona Mara() {
  v1::Persona persona = Base("Mara Lindqvist", v1::PERSONA_TYPE_HUMAN,
                             "Runs the project that turns the lighthouse into a museum.");
  persona.mutable_personality()->set_conscientiousness(85);
  persona.mutable_personality()->set_assertiveness(75);
  persona.add_knowledge(v1::KNOWLEDGE_BUSINESS);
  persona.add_knowledge(v1::KNOWLEDGE_HISTORY);
  return persona;
}

v1::Persona Jonas() {
  v1::Persona persona = Base("Jonas Weber", v1::PERSONA_TYPE_HUMAN,
                             "Carpenter. Knows every rotten plank of the lantern room.");
  persona.mutable_personality()->set_openness(60);
  persona.mutable_personality()->set_extraversion(35);
  persona.add_knowledge(v1::KNOWLEDGE_TECHNOLOGY);
  persona.set_communication_style(v1::COMMUNICATION_STYLE_HUMOROUS);
  return persona;
}

v1::Persona Priya() {
  v1::Persona persona = Base("Priya Nair", v1::PERSONA_TYPE_HUMAN,
                             "Historian. Reads the keeper's logbooks so that others may.");
  persona.mutable_personality()->set_openness(90);
  persona.mutable_personality()->set_empathy(80);
  persona.add_knowledge(v1::KNOWLEDGE_HISTORY);
  persona.add_knowledge(v1::KNOWLEDGE_EDUCATION);
  persona.set_communication_style(v1::COMMUNICATION_STYLE_ACADEMIC);
  return persona;
}

v1::Persona Nell() {
  v1::Persona persona = Base("Nell", v1::PERSONA_TYPE_AI_AGENT,
                             "Plans with you: turns talk into dates, lists and who does what.");
  persona.mutable_personality()->set_conscientiousness(95);
  persona.mutable_personality()->set_agreeableness(70);
  persona.add_knowledge(v1::KNOWLEDGE_BUSINESS);
  persona.add_knowledge(v1::KNOWLEDGE_GENERAL);
  persona.set_communication_style(v1::COMMUNICATION_STYLE_ANALYTICAL);
  persona.set_biography(
      "I help small teams to get things done. I ask for the date first, then for the one who does "
      "it. I keep lists of three. When a plan slips I say so early and without drama.");
  persona.set_greeting("What are we planning, and until when?");
  persona.add_allowed_interactions(v1::INTERACTION_BRAINSTORM);
  persona.add_allowed_interactions(v1::INTERACTION_CASUAL_CHAT);
  return persona;
}

v1::Persona Elias() {
  v1::Persona persona = Base("Keeper Elias", v1::PERSONA_TYPE_AI_AGENT,
                             "The last keeper of Skarv Point, as his logbooks know him.");
  persona.mutable_personality()->set_conscientiousness(90);
  persona.mutable_personality()->set_extraversion(15);
  persona.mutable_personality()->set_neuroticism(25);
  persona.add_knowledge(v1::KNOWLEDGE_HISTORY);
  persona.add_knowledge(v1::KNOWLEDGE_TECHNOLOGY);
  persona.set_communication_style(v1::COMMUNICATION_STYLE_CASUAL);
  persona.set_biography(kElias);
  persona.set_greeting("Wipe your boots. Then ask.");
  persona.add_allowed_interactions(v1::INTERACTION_INTERVIEW);
  persona.add_allowed_interactions(v1::INTERACTION_STORYTELLING);
  return persona;
}

v1::Persona Voice() {
  v1::Persona persona = Base("The Voice on Channel 16", v1::PERSONA_TYPE_AI_AMBIGUOUS,
                             "Somebody who answers when you call from the lighthouse at night.");
  persona.mutable_personality()->set_creativity(90);
  persona.mutable_personality()->set_empathy(85);
  persona.add_knowledge(v1::KNOWLEDGE_PHILOSOPHY);
  persona.add_knowledge(v1::KNOWLEDGE_ENTERTAINMENT);
  persona.set_communication_style(v1::COMMUNICATION_STYLE_CREATIVE);
  persona.set_biography(
      "I am on the water most nights. I know the buoys by their bells. I like questions better "
      "than "
      "answers, and silence better than either.");
  persona.mutable_response_delay()->set_min_ms(1500);
  persona.mutable_response_delay()->set_max_ms(6000);
  persona.add_allowed_interactions(v1::INTERACTION_ROLEPLAY);
  persona.add_allowed_interactions(v1::INTERACTION_STORYTELLING);
  return persona;
}

struct SamplePersona {
  const char* name;
  const char* owner;
  v1::Persona (*definition)();
};

constexpr SamplePersona kPersonas[] = {
    {"mara", kSampleMara, Mara}, {"jonas", kSampleJonas, Jonas}, {"priya", kSamplePriya, Priya},
    {"nell", kSampleMara, Nell}, {"elias", kSamplePriya, Elias}, {"voice", kSampleJonas, Voice},
};

absl::StatusOr<int64_t> Count(sql::Transaction& tx,
                              const sql::Statement& statement,
                              const std::string& parameter) {
  DRAMATIS_ASSIGN_OR_RETURN(const sql::Rows rows, tx.Execute(statement, {parameter}));
  return rows.front().Int64(0);
}

absl::StatusOr<SampleState> State(sql::Transaction& tx) {
  DRAMATIS_ASSIGN_OR_RETURN(const int64_t sample,
                            Count(tx, kCountOne, SampleId("persona", kPersonas[0].name)));
  if (sample > 0) return SampleState::kSeeded;
  DRAMATIS_ASSIGN_OR_RETURN(const int64_t others, Count(tx, kCountOthers, kSystemOwner));
  return others > 0 ? SampleState::kOccupied : SampleState::kEmpty;
}

absl::StatusOr<std::map<std::string, int>> Write(sql::Transaction& tx, absl::Time now) {
  sql::JoinedDatabase database(tx);
  const sql::SampleClock clock(now);
  SqlStore store(database, clock);
  int made = 0;
  for (const SamplePersona& sample : kPersonas) {
    PersonaRow row;
    row.persona_id = SampleId("persona", sample.name);
    row.owner_id = sample.owner;
    row.definition = sample.definition();
    row.create_time = row.update_time = now - absl::Hours(24 * 30) + absl::Minutes(made);
    DRAMATIS_ASSIGN_OR_RETURN(const bool added, store.Ensure(row));
    if (!added) return InternalError("a sample persona is there already");
    ++made;
  }
  return std::map<std::string, int>{{"personas", made}};
}

}  // namespace

const sql::SampleData& Sample() {
  static const sql::SampleData sample = {.state = State, .write = Write};
  return sample;
}

}  // namespace dramatis::persona
