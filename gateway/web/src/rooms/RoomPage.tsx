import Chatbot, { ChatbotDisplayMode } from '@patternfly/chatbot/dist/dynamic/Chatbot';
import { ChatbotContent } from '@patternfly/chatbot/dist/dynamic/ChatbotContent';
import { ChatbotFooter } from '@patternfly/chatbot/dist/dynamic/ChatbotFooter';
import { MessageBar } from '@patternfly/chatbot/dist/dynamic/MessageBar';
import { Button, FormSelect, FormSelectOption, Label } from '@patternfly/react-core';
import { TrashIcon } from '@patternfly/react-icons/dist/esm/icons/trash-icon';
import { useMemo, useRef, useState } from 'react';
import { newId, request } from '../api/client';
import type { Participant, Room, RoomMessage } from '../api/types';
import { goTo, href } from '../app/route';
import { copyAction, Said } from '../chat/Said';
import { MessageList } from '../chat/MessageList';
import { useI18n, type I18n } from '../i18n';
import { Confirm } from '../parts/Confirm';
import { useAction } from '../parts/load';
import { Failed, failureKey, Loading } from '../parts/states';
import { closingWords, reasonKey } from './reasons';
import { RoomSettings } from './RoomSettings';
import { useFaces } from './useFaces';
import { useRoom, type UseRoom } from './useRoom';

const longestMessage = 8000;
const decoder = new TextDecoder();

export function RoomPage({ roomId }: { roomId: string }) {
  const { t } = useI18n();
  const live = useRoom(roomId);
  if (live.loading && !live.room) return <Loading />;
  if (!live.room) return <Failed error={live.error} onRetry={live.reload} />;
  return (
    <div className="dr-talk">
      <Chatbot displayMode={ChatbotDisplayMode.embedded} ariaLabel={live.room.title}>
        <RoomHead live={live} room={live.room} />
        <ChatbotContent>
          <RoomMessages live={live} room={live.room} />
        </ChatbotContent>
        <ChatbotFooter>
          <RoomComposer live={live} room={live.room} />
          <p className="dr-footnote">{live.room.goal || live.room.topic || t('roomsText')}</p>
        </ChatbotFooter>
      </Chatbot>
    </div>
  );
}

type Asked = 'close' | 'delete';

// Those whom a model speaks for, as far as the reader is told.
const isSpeaker = (participant: Participant) => participant.type === 'ai_agent' || participant.type === 'ai_ambiguous';

function RoomHead({ live, room }: { live: UseRoom; room: Room }) {
  const { t } = useI18n();
  const [asked, setAsked] = useState<Asked>();
  const [changing, setChanging] = useState(false);
  const action = useAction();
  const here = room.participants.filter((participant) => !participant.leaveTime);
  const path = `/api/conversations/${room.conversationId}`;
  const change = (what: string) =>
    action.run(async () => live.setRoom(await request<Room>(`${path}/${what}`, { method: 'POST', body: {} })));
  const may = room.permissions;
  const open = room.status === 'active' || room.status === 'paused';
  return (
    <>
      <div className="dr-talk-head">
        <h1>{room.title}</h1>
        <Label isCompact status={live.live ? 'success' : 'warning'}>
          {live.live ? t('roomLive') : t('roomReconnecting')}
        </Label>
        {may.canClose && open && (
          <>
            <Button
              variant="link"
              isDisabled={action.busy}
              onClick={() => void change(room.status === 'paused' ? 'resume' : 'pause')}
            >
              {room.status === 'paused' ? t('roomResume') : t('roomPause')}
            </Button>
            <Button variant="link" onClick={() => setChanging(true)}>
              {t('roomSettings')}
            </Button>
            <Button variant="link" onClick={() => setAsked('close')}>
              {t('roomClose')}
            </Button>
          </>
        )}
        {may.canDelete && (
          <Button variant="plain" icon={<TrashIcon />} aria-label={t('roomDelete')} onClick={() => setAsked('delete')} />
        )}
      </div>
      <ul className="dr-labels dr-members" aria-label={t('roomMembers', { count: here.length })}>
        {here.map((participant) => (
          <li key={participant.personaId}>
            <Label isCompact variant={participant.own && participant.type === 'human' ? 'filled' : 'outline'}>
              {participant.name}
              {isSpeaker(participant) && ` · ${t('ai')}`}
            </Label>
            {room.settings?.turnPolicy === 'manual' && open && may.canAddMessage && isSpeaker(participant) && (
              <Button
                variant="link"
                isInline
                isDisabled={action.busy}
                onClick={() =>
                  void action.run(() =>
                    request('/api/ai/generate-response', {
                      method: 'POST',
                      body: { conversationId: room.conversationId, personaId: participant.personaId },
                      headers: { 'Idempotency-Key': newId() },
                    }),
                  )
                }
              >
                {t('memberSpeak', { name: participant.name })}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {changing && (
        <RoomSettings
          room={room}
          onClose={() => setChanging(false)}
          onSaved={(changed) => {
            live.setRoom(changed);
            setChanging(false);
          }}
        />
      )}
      {action.error !== undefined && asked === undefined && <Failed error={action.error} />}
      {asked !== undefined && (
        <Confirm
          title={asked === 'close' ? t('roomClose') : t('roomDelete')}
          text={asked === 'close' ? t('roomCloseSure') : t('roomDeleteSure')}
          busy={action.busy}
          error={action.error}
          onClose={() => {
            action.clear();
            setAsked(undefined);
          }}
          onConfirm={() =>
            void (asked === 'close'
              ? change('close').then((done) => done && setAsked(undefined))
              : action.run(() => request(path, { method: 'DELETE' })).then((done) => done && goTo(href('rooms'))))
          }
        />
      )}
    </>
  );
}

function failureWords(code: string, t: I18n['t']) {
  const key = failureKey(code);
  return key ? t(key) : code;
}

// Why somebody speaks, under what they say.
function Reason(props: { of?: string }) {
  const { t } = useI18n();
  const key = reasonKey(props.of);
  return key && <p className="dr-note dr-reason">{t('reason', { why: t(key) })}</p>;
}

const sequenceOf = (message: RoomMessage) => message.sequence;
const keyOf = (message: RoomMessage) => message.messageId;

function RoomMessages({ live, room }: { live: UseRoom; room: Room }) {
  const { t } = useI18n();
  const names = new Map(room.participants.map((participant) => [participant.personaId, participant.name]));
  const faces = useFaces(room.participants);
  const own = room.participants
    .filter((participant) => participant.own && participant.type === 'human')
    .map((participant) => participant.personaId)
    .join(' ');
  // Whose words are Markdown, greetings too, which no model has made.
  const speaking = room.participants
    .filter(isSpeaker)
    .map((participant) => participant.personaId)
    .join(' ');
  const render = useMemo(() => {
    const mine = new Set(own.split(' '));
    const speakers = new Set(speaking.split(' '));
    return function render(message: RoomMessage) {
      if (message.type === 'reveal') {
        return <p className="dr-note">{t('roomRevealed', { name: message.personaName })}</p>;
      }
      if (message.hidden) return <p className="dr-note">{t('roomHidden')}</p>;
      const isMine = mine.has(message.personaId) && !message.generated;
      const isAi = message.generated || speakers.has(message.personaId);
      return (
        <Said
          id={message.messageId}
          mine={isMine}
          plain={!isAi}
          name={message.personaName}
          face={faces.get(message.personaId)}
          content={message.type === 'action' ? `*${message.content}*` : message.content}
          time={message.createTime}
          badge={isAi ? undefined : t('persona')}
          note={
            <>
              {message.editTime && <p className="dr-note">{t('roomEdited')}</p>}
              <Reason of={message.turnReason} />
            </>
          }
          actions={copyAction(message.content, t('copy'), t('copied'))}
        />
      );
    };
  }, [own, speaking, faces, t]);
  return (
    <MessageList
      items={live.messages}
      sequenceOf={sequenceOf}
      keyOf={keyOf}
      render={render}
      hasOlder={live.hasOlder}
      loadingOlder={live.loadingOlder}
      onOlder={live.loadOlder}
      growing
      announcement={live.announcement && t('answered', live.announcement)}
    >
      {live.speaking.map((one) => {
        const text = decoder.decode(one.bytes);
        return (
          <div key={one.turnId} className="dr-answer">
            <Said
              mine={false}
              face={faces.get(one.personaId)}
              name={names.get(one.personaId) ?? t('persona')}
              content={text}
              thinking={text === ''}
              note={<Reason of={one.reason} />}
            />
          </div>
        );
      })}
      {live.failed && (
        <p className="dr-note" role="alert">
          {t('roomFailed', { name: names.get(live.failed.personaId) ?? t('persona'), code: failureWords(live.failed.code, t) })}
        </p>
      )}
      {live.error && <Failed error={live.error} onRetry={live.reload} />}
    </MessageList>
  );
}

function RoomComposer({ live, room }: { live: UseRoom; room: Room }) {
  const { t, number } = useI18n();
  const mine = room.participants.filter(
    (participant) => participant.own && participant.type === 'human' && !participant.leaveTime,
  );
  const [as, setAs] = useState('');
  const [length, setLength] = useState(0);
  const input = useRef<HTMLTextAreaElement>(null);
  const sending = useAction();
  // What was not taken is sent again under the same key.
  const unsent = useRef<{ text: string; key: string }>(undefined);
  const speaker = mine.find((participant) => participant.personaId === as) ?? mine[0];
  const say = (text: string) => {
    const content = text.trim();
    if (!speaker || content === '') return;
    if (unsent.current?.text !== content) unsent.current = { text: content, key: newId() };
    setLength(0);
    void sending.run(async () => {
      const answer = await request<{ message: RoomMessage }>(`/api/conversations/${room.conversationId}/messages`, {
        method: 'POST',
        body: { content, personaId: speaker.personaId },
        headers: { 'Idempotency-Key': unsent.current!.key },
      });
      unsent.current = undefined;
      live.add(answer.message);
    });
  };
  if (room.status === 'completed' || room.status === 'terminated') {
    return (
      <p role="status">
        {t('roomClosed')} {closingWords(room.closeReason, t)}
      </p>
    );
  }
  if (room.status === 'paused') return <p role="status">{t('roomPaused')}</p>;
  if (!speaker || !room.permissions.canAddMessage) return <p role="status">{t('roomNotSpeaking')}</p>;
  const label = t('messagePlaceholder', { name: room.title });
  return (
    <>
      {sending.error !== undefined && (
        <Failed
          error={sending.error}
          onRetry={unsent.current ? () => say(unsent.current!.text) : undefined}
        />
      )}
      {length > longestMessage && (
        <p className="dr-too-long" role="alert">
          {t('chatTooLong', { count: number(length) })}
        </p>
      )}
      {mine.length > 1 && (
        <FormSelect value={speaker.personaId} aria-label={t('roomAs')} onChange={(_event, value) => setAs(value)}>
          {mine.map((participant) => (
            <FormSelectOption key={participant.personaId} value={participant.personaId} label={participant.name} />
          ))}
        </FormSelect>
      )}
      <MessageBar
        innerRef={input}
        onSendMessage={(text) => say(String(text))}
        onChange={(_event, value) => setLength([...String(value)].length)}
        placeholder={label}
        aria-label={label}
        alwayShowSendButton
        hasAttachButton={false}
        isSendButtonDisabled={length === 0 || length > longestMessage || sending.busy}
        buttonProps={{ send: { tooltipContent: t('send'), props: { 'aria-label': t('send') } } }}
      />
    </>
  );
}
