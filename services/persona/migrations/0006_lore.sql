-- A version's book of lore, a serialized dramatis.persona.v1.Lore; null or empty for none.
alter table persona_versions add column lore bytea;
