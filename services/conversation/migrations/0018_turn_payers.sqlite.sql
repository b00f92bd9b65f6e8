-- Who pays for a turn, where it is not the conversation's user, and the key that the user called with:
-- its id, then the micros that it may spend in a month, where it has a budget of its own.
alter table turns add column payer_id text not null default '';
alter table turns add column payer_key text not null default '';
