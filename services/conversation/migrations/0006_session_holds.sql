-- Persona's holds of sessions that are to be looked at: at hold_expires_at - ttl the session ends, as
-- it was when the hold was taken. 0 once it is given up; see SessionUpkeep.
create index conversations_session_holds on conversations ((hold_expires_at - ttl))
  where kind = 'session' and hold_expires_at > 0;
