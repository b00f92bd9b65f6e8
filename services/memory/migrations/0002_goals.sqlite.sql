create table goals (
  user_id text not null,
  goal_id text not null,
  -- The title as it is compared: no two active goals of a user share it.
  title_key text not null,
  status bigint not null,
  pattern bigint not null,
  category text not null,
  shared boolean not null,
  -- What the user says of it, as a serialized dramatis.memory.v1.Goal.
  definition bytea not null,
  version bigint not null,
  create_time bigint not null,
  update_time bigint not null,
  complete_time bigint,
  primary key (user_id, goal_id)
);

-- 2 is GOAL_STATUS_ACTIVE.
create unique index goals_active_title on goals (user_id, title_key) where status = 2;

create index goals_newest on goals (user_id, create_time, goal_id);

-- How many active goals a user has: counted here, so that two that are made at once see each other.
create table goal_counts (
  user_id text not null,
  active bigint not null,
  primary key (user_id)
);

create table activities (
  user_id text not null,
  goal_id text not null,
  activity_id text not null,
  type bigint not null,
  value double precision not null,
  -- The day it counts for, in days since 1970-01-01.
  day bigint not null,
  -- Unit, note and context, as a serialized dramatis.memory.v1.Activity.
  definition bytea not null,
  create_time bigint not null,
  primary key (user_id, goal_id, activity_id)
);

create index activities_latest on activities (user_id, goal_id, day, activity_id);

-- The activities of each day added up, in the transaction that records them: activities never change,
-- so this never differs from them. Progress reads days, however many activities they have.
create table activity_days (
  user_id text not null,
  goal_id text not null,
  day bigint not null,
  -- Of those that are not skipped.
  entries bigint not null,
  total double precision not null,
  least double precision not null,
  greatest double precision not null,
  skipped bigint not null,
  primary key (user_id, goal_id, day)
);
