-- Conversations of several personas. A session is the room of two, so both live in the same tables;
-- `kind` tells them apart. Where a session's columns say nothing about a room they are '' or 0:
-- session_id, ttl, expires_at, active_turn_id. user_id and persona_id are the initiator's.

alter table conversations add column kind text not null default 'session';
alter table conversations add column status text not null default 'active';
alter table conversations add column visibility text not null default 'private';
alter table conversations add column topic text not null default '';
alter table conversations add column description text not null default '';
alter table conversations add column goal text not null default '';
-- Each tag with a line break before and after it, as in '\nart\nmusic\n'.
alter table conversations add column topic_tags text not null default '';
-- Serialized dramatis.conversation.v1.Constraints and ConversationSettings; null for none.
alter table conversations add column constraints bytea;
alter table conversations add column settings bytea;
alter table conversations add column version bigint not null default 1;
alter table conversations add column updated_at bigint not null default 0;
alter table conversations add column close_reason text not null default '';
alter table conversations add column deleted_at bigint;
-- Unicode code points of all messages.
alter table conversations add column characters bigint not null default 0;
-- Number of its newest event.
alter table conversations add column last_event bigint not null default 0;
-- When the system closes it unless something is said before; null for never.
alter table conversations add column closes_at bigint;

-- Ids are UUIDv7: their order is the order in which rooms were opened.
create index conversations_by_visibility on conversations (visibility, conversation_id)
  where kind = 'room' and deleted_at is null;
create index conversations_rooms on conversations (conversation_id)
  where kind = 'room' and deleted_at is null;
create index conversations_closing on conversations (closes_at)
  where closes_at is not null and status in ('active', 'paused') and deleted_at is null;
-- Persona's holds that are to be renewed or given up: see RoomRow.hold_expires_at.
create index conversations_holds on conversations (hold_expires_at)
  where kind = 'room' and hold_expires_at > 0;

-- Of a persona in a room: its owner, who brought it in, what it is, what it may do.
alter table participants add column user_id text not null default '';
alter table participants add column brought_by text not null default '';
alter table participants add column type text not null default '';
alter table participants add column role text not null default 'guest';
alter table participants add column revealed boolean not null default false;
-- What turn-taking asks of a persona, as it was when last rendered; serialized
-- dramatis.persona.v1.RenderPersonaResponse without its prompt.
alter table participants add column facts bytea;
-- Order of coming.
alter table participants add column position bigint not null default 0;
-- The rooms that a persona is in.
create index participants_by_persona on participants (ref_id, conversation_id)
  where type <> '' and left_at is null;

-- Which rooms a user takes part in, or took; written together with the participants.
create table room_members (
  user_id text not null,
  conversation_id text not null,
  primary key (user_id, conversation_id)
);

alter table messages add column type text not null default 'text';
alter table messages add column user_id text not null default '';
alter table messages add column reply_to_message_id text not null default '';
alter table messages add column edited_at bigint;
alter table messages add column hidden boolean not null default false;
-- The text before the first edit or the hiding; null if there was neither.
alter table messages add column original_content text;
alter table messages add column version bigint not null default 1;
alter table messages add column usage bytea;

-- A room's turn is pending until its time has come: lease_expires_at is when. session_id is ''.
-- How many AI messages in a row led to it.
alter table turns add column depth bigint not null default 0;
-- Serialized dramatis.conversation.v1.TurnScore; null for none.
alter table turns add column score bytea;
-- Somebody asked for it, whatever turn-taking says.
alter table turns add column requested boolean not null default false;

-- What happened in a room, numbered without gaps by conversations.last_event. The rows say where to
-- look, not what it was: messages and participants are read as they are when an event is served.
create table events (
  conversation_id text not null,
  sequence bigint not null,
  -- message, participant, state, turn
  kind text not null,
  -- A message's sequence number, a persona's id, or a turn's id; '' for state.
  subject text not null,
  -- Of a turn: its state and its persona, as 'running persona-id'. Of state: the status, version and
  -- reason at that time.
  detail text not null,
  created_at bigint not null,
  primary key (conversation_id, sequence)
);
