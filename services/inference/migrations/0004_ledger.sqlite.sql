-- The ledger: what a call to a model may cost is reserved before it, and settled after it by its row
-- of usage.

-- The key with which the user called; empty without one.
alter table usage add column key_id text not null default '';
-- Tokens of the prompt that the provider put into its cache.
alter table usage add column written_tokens bigint not null default 0;
-- By which prices the cost was counted: input/output/cached/written, US dollars for a million tokens.
alter table usage add column prices text not null default '';

-- What was spent and is reserved: of a user (account ''), of one of their keys (account 'key:<id>'),
-- and, where the deployment has a budget, of all together (user '', account 'deployment').
create table accounts (
  user_id text not null,
  account text not null,
  -- The month that spent_micros is of, by its start.
  month bigint not null,
  spent_micros bigint not null,
  reserved_micros bigint not null,
  -- The minute that minute_tokens are of, by its start; reserved ones included.
  minute bigint not null,
  minute_tokens bigint not null,
  -- Limits that admins set; null where the deployment's default applies.
  monthly_budget_micros bigint,
  tokens_per_minute bigint,
  -- Counts the changes of the limits.
  version bigint not null,
  primary key (user_id, account)
) without rowid;

-- One row for each call under way, held by the process that makes it.
create table reservations (
  user_id text not null,
  reservation_id text not null,
  key_id text not null,
  -- The account of all together has it too.
  deployment boolean not null,
  micros bigint not null,
  tokens bigint not null,
  -- The minute that the tokens were counted in.
  minute bigint not null,
  holder text not null,
  primary key (user_id, reservation_id)
) without rowid;

-- The processes that make calls. What one holds whose lease has expired is freed.
create table reservation_holders (
  holder text not null,
  expires_at bigint not null,
  primary key (holder)
) without rowid;
