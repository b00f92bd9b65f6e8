-- Of a turn that answers a message again: the model that was asked for, '' for the persona's.
alter table turns add column wanted_model text not null default '';
-- Whether its reply was retrieved. Said by the reply's message while that counts, here once another
-- alternative has taken its place: then the reply's text is here too.
alter table turns add column retrieval boolean not null default false;
