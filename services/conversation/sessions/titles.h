// Titles that a model makes of a session's first exchange, in the place of the first words of the
// user's message. Where no model is set up, or the one that is cannot be asked, those words stay.
//
//   SessionTitles titles(tools, "openai/gpt-5-nano", background);
//   titles.Replied(job, end, call);   // returns at once; the title comes later
//
// Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "services/conversation/model/turn_tools.h"
#include "services/conversation/turns/ongoing_generations.h"
#include "shared/call/call.h"
#include "shared/executor/executor.h"

namespace dramatis::conversation {

class SessionTitles {
 public:
  // `model`: `provider/model`; empty for none. Titles are stored on `background`, which must still
  // be there at Stop.
  SessionTitles(const TurnTools& tools, std::string model, Executor& background)
      : tools_(tools), model_(std::move(model)), background_(background) {}
  ~SessionTitles() { Stop(); }

  // Asks for a title where the turn was the session's first and it has no title of its client's.
  void Replied(const TurnJob& job, const TurnEnd& end, const CallContext& call);

  // Gives up what is being made, and waits until nothing is.
  void Stop() { generations_.Stop(); }

 private:
  class Making;

  void Store(const SessionRow& session, const std::string& said);

  const TurnTools tools_;
  const std::string model_;
  Executor& background_;
  OngoingGenerations generations_{tools_.inference};
};

// What a model's answer is as a title: its first line without quotation marks and a full stop
// around it, as TitleOf; empty where nothing is left.
std::string TitleIn(const std::string& answer);

}  // namespace dramatis::conversation
