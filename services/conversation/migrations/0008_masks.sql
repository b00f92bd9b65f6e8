-- Whether persona is to be told whose types the room hides from whom.
alter table conversations add column masks_due boolean not null default false;
update conversations set masks_due = true where kind = 'room';
create index conversations_masks on conversations (conversation_id) where masks_due;
