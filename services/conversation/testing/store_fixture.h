// What the suites of the conversation store share: a store on a fresh database, and the rows they
// write.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "dramatis/conversation/v1/conversation.pb.h"

#include "embedded/conversation_migrations.h"
#include "gtest/gtest.h"
#include "services/conversation/model/store.h"
#include "services/conversation/model/turn_error.h"
#include "services/conversation/sql/store.h"
#include "services/conversation/sql/turn_store.h"
#include "services/conversation/testing/nobody_listens.h"
#include "shared/ids/ids.h"
#include "shared/sql/testing/test_database.h"
#include "shared/status/errors.h"

namespace dramatis::conversation {

// A filter that finds every session.
inline void Any(SessionFilter& /*filter*/) {}

class ConversationStoreTest : public sql::DatabaseTest {
 protected:
  ConversationStoreTest()
      : DatabaseTest(embedded::conversation_migrations()), store_(db()), turns_(db(), feed_) {
    call_.identity.user_id = "alice";
  }

  SessionRow Conversation(const std::string& session_id, const std::string& user = "alice") {
    SessionRow row;
    row.conversation_id = NameId(user + session_id);
    row.user_id = user;
    row.session_id = session_id;
    row.persona_id = "ada";
    row.persona_name = "Ada";
    row.metadata = std::string("\x00\xff", 2);
    row.created_at = row.last_activity_at = clock_.Now();
    row.ttl = absl::Hours(1);
    row.expires_at = clock_.Now() + row.ttl;
    row.hold_expires_at = HoldUntil(row);
    return row;
  }
  NewTurn Turn(const SessionRow& conversation, const std::string& message = "Hello") {
    return {.conversation_id = conversation.conversation_id,
            .turn_id = ids_.NewId(),
            .message_id = ids_.NewId(),
            .message = message,
            .title = "title",
            .persona_id = "",
            .lease = {.owner = "me", .address = "here:1", .expires_at = clock_.Now() + kLease},
            .now = clock_.Now(),
            .create = conversation};
  }
  // Of a call that has no key.
  Idempotency NoKey() {
    static const v1::ChatRequest& request = *new v1::ChatRequest();
    return {call_, "", request};
  }
  absl::StatusOr<Idempotent<StartedTurn>> Start(const NewTurn& turn, const std::string& key = "") {
    CallContext call = call_;
    call.idempotency_key = key;
    v1::ChatRequest request;
    request.set_message(turn.message);
    return turns_.StartTurn(turn, {call, "Chat", request});
  }
  TurnJob MustStart(const SessionRow& conversation, const std::string& message = "Hello") {
    auto started = Start(Turn(conversation, message));
    EXPECT_TRUE(started.ok()) << started.status();
    return *started->result.job;
  }
  TurnEnd Done(const TurnJob& job, const std::string& text = "Hi") {
    TurnEnd end;
    end.turn = job.turn.fenced();
    end.text = text;
    end.message_id = ids_.NewId();
    end.persona_id = "ada";
    end.finish_reason = "stop";
    end.model = "fake/model";
    end.retrieval = true;
    end.usage = std::string("\x08\x03", 2);
    end.now = clock_.Now();
    return end;
  }
  TurnEnd Failed(const TurnJob& job) {
    TurnEnd end;
    end.turn = job.turn.fenced();
    end.state = TurnState::kFailed;
    end.text = "par";
    end.error = SerializeError(UnavailableError("broken"));
    end.now = clock_.Now();
    return end;
  }
  Lease Other() {
    return {.owner = "other", .address = "there:1", .expires_at = clock_.Now() + kLease};
  }
  std::vector<MessageRow> Messages(const std::string& conversation_id) {
    return *store_.ListMessages({.conversation_id = conversation_id,
                                 .descending = false,
                                 .beyond_sequence = 0,
                                 .limit = 1000});
  }
  // The sessions listed under a filter that `change` makes.
  std::vector<std::string> Sessions(const std::function<void(SessionFilter&)>& change) {
    SessionFilter filter;
    change(filter);
    filter.user_id = "alice";
    filter.now = clock_.Now();
    const auto rows = store_.ListSessions(filter);
    EXPECT_TRUE(rows.ok()) << rows.status();
    std::vector<std::string> sessions;
    for (const auto& row : *rows)
      sessions.push_back(row.session_id);
    return sessions;
  }

  static constexpr absl::Duration kLease = absl::Seconds(15);
  NobodyListens feed_;
  SqlStore store_;
  SqlTurnStore turns_;
  FakeClock clock_;
  UuidV7Source ids_{clock_};
  CallContext call_;
};

}  // namespace dramatis::conversation
