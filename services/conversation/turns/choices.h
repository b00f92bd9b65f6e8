// Has models pick who answers in rooms whose policy is `model`: claims the choice that a message
// has made, asks, and puts the turns in its place. Should the process be gone meanwhile, whoever
// finds the choice asks again.
//
//   SpeakerChoices choices(tools, store, timer, background, options);
//   choices.Begin(conversation_id);   // returns at once
//
// A model that fails, says nothing usable, or takes more than its time decides nothing: the score
// does, and the turn says why. Holds no thread while it waits. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/conversation/model/turn_tools.h"
#include "services/conversation/turn_taking/choice_store.h"
#include "services/conversation/turn_taking/turn_taking.h"
#include "services/conversation/turns/ongoing_generations.h"
#include "shared/executor/executor.h"
#include "shared/time/timer.h"

namespace dramatis::conversation {

struct ChoiceOptions {
  // Of a choice. The model has two thirds of it.
  absl::Duration lease = absl::Seconds(15);
  // Takes the turns that were made.
  std::function<void(const std::vector<WaitingTurn>&)> on_waiting;
};

// A choice that was claimed this often without an end is made without a model.
inline constexpr int kMaxChoiceAttempts = 3;

class SpeakerChoices {
 public:
  // Choices are stored on `background`, which must still be there at Stop. References outlive it.
  SpeakerChoices(const TurnTools& tools,
                 ChoiceStore& store,
                 Timers& timer,
                 Executor& background,
                 ChoiceOptions options)
      : tools_(tools),
        store_(store),
        timer_(timer),
        background_(background),
        options_(std::move(options)) {}
  ~SpeakerChoices() { Stop(); }

  // Makes the room's choice, if there is one that nobody works on.
  void Begin(const std::string& conversation_id);
  // Makes those that nobody works on; with `any_lease` all. Blocks for the store only.
  absl::Status Recover(bool any_lease);
  // Gives up what is being asked, for whoever comes next, and waits until nothing is.
  void Stop() { generations_.Stop(); }

 private:
  class Asking;

  absl::Status Claim(const std::string& conversation_id, bool any_lease);
  void Ask(ChoiceJob job);
  void Store(const ChoiceJob& job, const Pick& pick);

  const TurnTools tools_;
  ChoiceStore& store_;
  Timers& timer_;
  Executor& background_;
  const ChoiceOptions options_;
  OngoingGenerations generations_{tools_.inference};
};

}  // namespace dramatis::conversation
