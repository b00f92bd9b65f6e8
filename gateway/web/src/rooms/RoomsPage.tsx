import { Button, Checkbox, Label } from '@patternfly/react-core';
import { useId, useState } from 'react';
import { newId, request } from '../api/client';
import type { Persona, Room, TurnPolicy } from '../api/types';
import { goTo, href } from '../app/route';
import { useI18n, type Key } from '../i18n';
import { Field, FormDialog } from '../parts/Field';
import { ListStates } from '../parts/ListStates';
import { useAction, useList, useSettled } from '../parts/load';
import { PageFrame } from '../parts/PageFrame';
import { SearchField } from '../parts/SearchField';
import { Failed, Loading } from '../parts/states';
import { RoomPage } from './RoomPage';
import { PolicyField } from './RoomSettings';

export default function RoomsPage({ roomId }: { roomId?: string }) {
  return roomId === undefined ? <RoomList /> : <RoomPage key={roomId} roomId={roomId} />;
}

export const statusKeys: Record<Room['status'], Key> = {
  active: 'statusActive',
  paused: 'statusPaused',
  completed: 'statusCompleted',
  terminated: 'statusTerminated',
};

function RoomList() {
  const { t, date } = useI18n();
  const [words, setWords] = useState('');
  const q = useSettled(words.trim());
  const list = useList<Room>('/api/conversations', 'conversations', { q });
  const [making, setMaking] = useState(false);
  return (
    <PageFrame
      title={t('rooms')}
      text={t('roomsText')}
      action={<Button onClick={() => setMaking(true)}>{t('newRoom')}</Button>}
    >
      <div className="dr-toolbar">
        <SearchField label={t('searchChats')} value={words} onChange={setWords} />
      </div>
      <ListStates
        list={list}
        empty={q ? { title: t('noMatches'), text: t('noMatchesDo') } : { title: t('noRooms'), text: t('noRoomsDo') }}
      >
        <ul className="dr-cards">
          {list.items.map((room) => (
            <li key={room.conversationId} className="dr-card">
              <div className="dr-card-head">
                <h2>
                  <a href={href('rooms', room.conversationId)}>{room.title}</a>
                </h2>
                <Label isCompact>{t(statusKeys[room.status])}</Label>
              </div>
              {room.topic && <p>{room.topic}</p>}
              <div className="dr-card-foot">
                <span>
                  {room.participants
                    .filter((participant) => !participant.leaveTime)
                    .map((participant) => participant.name)
                    .join(', ')}
                </span>
                <span>{date(room.updateTime)}</span>
              </div>
            </li>
          ))}
        </ul>
      </ListStates>
      {making && <RoomDialog onClose={() => setMaking(false)} />}
    </PageFrame>
  );
}

function RoomDialog({ onClose }: { onClose(): void }) {
  const { t } = useI18n();
  const personas = useList<Persona>('/api/personas', 'personas', { view: 'basic' });
  const mine = useList<Persona>('/api/personas', 'personas', { type: 'human', ownerId: 'me', view: 'basic' });
  const [title, setTitle] = useState('');
  const [topic, setTopic] = useState('');
  const [goal, setGoal] = useState('');
  const [chosen, setChosen] = useState<string[]>([]);
  const [as, setAs] = useState('');
  const [name, setName] = useState('');
  const [chains, setChains] = useState(false);
  const [policy, setPolicy] = useState<TurnPolicy>('natural');
  // What a try that broke off half-way has made is not made twice.
  const [keys] = useState(() => ({ persona: newId(), room: newId() }));
  const chainsId = useId();
  const saving = useAction();
  const speakers = personas.items.filter((persona) => persona.type !== 'human');
  const speaker = as || mine.items[0]?.personaId || '';
  const isNew = as === 'new' || mine.items.length === 0;
  const save = async () => {
    const me = isNew
      ? (
          await request<Persona>('/api/personas', {
            method: 'POST',
            body: { name: name.trim(), type: 'human' },
            headers: { 'Idempotency-Key': keys.persona },
          })
        ).personaId
      : speaker;
    const room = await request<Room>('/api/conversations', {
      method: 'POST',
      body: {
        title,
        ...(topic.trim() ? { topic } : {}),
        ...(goal.trim() ? { goal } : {}),
        personaIds: [me, ...chosen],
        settings: { allowAiChains: chains, turnPolicy: policy },
      },
      headers: { 'Idempotency-Key': keys.room },
    });
    goTo(href('rooms', room.conversationId));
  };
  return (
    <FormDialog
      title={t('newRoom')}
      submit={t('roomCreate')}
      ready={title.trim() !== '' && chosen.length > 0 && (!isNew || [...name.trim()].length >= 2)}
      busy={saving.busy}
      error={saving.error}
      onClose={onClose}
      onSubmit={() => void saving.run(save)}
    >
      <Field label={t('roomTitle')} value={title} onChange={setTitle} maxLength={255} required />
      <Field label={t('roomTopic')} value={topic} onChange={setTopic} maxLength={255} />
      <Field label={t('roomGoal')} value={goal} onChange={setGoal} maxLength={2000} />
      <fieldset className="dr-fieldset">
        <legend>{t('roomWho')}</legend>
        {personas.loading && personas.items.length === 0 && <Loading />}
        {personas.error !== undefined && <Failed error={personas.error} onRetry={personas.reload} />}
        {!personas.loading && speakers.length === 0 && <p>{t('roomNoPersonas')}</p>}
        {speakers.map((persona) => (
          <Checkbox
            key={persona.personaId}
            id={`with-${persona.personaId}`}
            label={persona.name}
            isChecked={chosen.includes(persona.personaId)}
            isDisabled={!chosen.includes(persona.personaId) && chosen.length >= 9}
            onChange={(_event, checked) =>
              setChosen(checked ? [...chosen, persona.personaId] : chosen.filter((id) => id !== persona.personaId))
            }
          />
        ))}
        {personas.hasMore && (
          <Button variant="link" onClick={personas.more}>
            {t('more')}
          </Button>
        )}
      </fieldset>
      {mine.items.length > 0 && (
        <Field
          label={t('roomAs')}
          value={as === 'new' ? 'new' : speaker}
          onChange={setAs}
          options={[
            ...mine.items.map((persona) => ({ value: persona.personaId, label: persona.name })),
            { value: 'new', label: t('roomAsNew') },
          ]}
        />
      )}
      {isNew && <Field label={t('roomAsNewName')} value={name} onChange={setName} maxLength={100} required />}
      <PolicyField value={policy} onChange={setPolicy} />
      <Checkbox
        id={chainsId}
        label={t('roomChains')}
        isChecked={chains}
        onChange={(_event, checked) => setChains(checked)}
      />
    </FormDialog>
  );
}
