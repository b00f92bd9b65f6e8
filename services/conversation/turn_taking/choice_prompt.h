// What a model is asked who is to pick the next speaker of a room, and what its answer says. Pure
// functions.
//
//   const std::vector<Candidate> candidates =
//       NameCandidates(job.room, speakers, /*or_nobody=*/false);
//   inference.Generate(call, ChoiceRequest(job, candidates, "choice:..."), listener);
//   const std::optional<std::string> persona_id = PickedIn(answer, candidates);
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dramatis/inference/v1/inference.pb.h"

#include "services/conversation/turn_taking/choice_store.h"
#include "services/conversation/turn_taking/turn_taking.h"

namespace dramatis::conversation {

// One of those whom the model may pick.
struct Candidate {
  std::string persona_id;  // empty: nobody
  std::string name;        // no other one's, as it is read
};

// The speakers under their names; those of one name are numbered. With `or_nobody` "nobody" too.
std::vector<Candidate> NameCandidates(const Room& room,
                                      const std::vector<Speaker>& speakers,
                                      bool or_nobody);

// Charged to the choice's payer; the deployment's default model answers.
dramatis::inference::v1::StreamGenerateRequest ChoiceRequest(
    const ChoiceJob& job, const std::vector<Candidate>& candidates, const std::string& turn_key);

// Whom the answer names: as the member `choice` of a JSON object, or else as the only one of the
// candidates that its text has. nullopt where it names none, or more than one. Empty: nobody.
std::optional<std::string> PickedIn(const std::string& answer,
                                    const std::vector<Candidate>& candidates);

}  // namespace dramatis::conversation
