import Chatbot, { ChatbotDisplayMode } from '@patternfly/chatbot/dist/dynamic/Chatbot';
import { ChatbotContent } from '@patternfly/chatbot/dist/dynamic/ChatbotContent';
import { ChatbotFooter } from '@patternfly/chatbot/dist/dynamic/ChatbotFooter';
import { MessageBar } from '@patternfly/chatbot/dist/dynamic/MessageBar';
import { Button, Checkbox } from '@patternfly/react-core';
import { CodeBranchIcon } from '@patternfly/react-icons/dist/esm/icons/code-branch-icon';
import { RedoIcon } from '@patternfly/react-icons/dist/esm/icons/redo-icon';
import { useCallback, useEffect, useId, useMemo, useRef, useState, type ReactNode } from 'react';
import { ApiError, newId, request } from '../api/client';
import type { AiStatus, Message, Persona, Session } from '../api/types';
import { goTo, href } from '../app/route';
import { useI18n, type I18n } from '../i18n';
import { useAction, useLoad } from '../parts/load';
import { Empty, Failed, Loading } from '../parts/states';
import { useAvatar } from '../parts/useAvatar';
import { Alternatives } from './Alternatives';
import { EditAgain } from './EditAgain';
import { Greetings, greetingsOf, useNamed, type Greeting } from './Greetings';
import { MessageList } from './MessageList';
import { PersonaPicker } from './PersonaPicker';
import { copyAction, loadSaid, Said } from './Said';
import { savePending } from './pending';
import { RetrievalNote } from './RetrievalNote';
import { SessionsPanel } from './SessionsPanel';
import { TalkHead } from './TalkHead';
import { openingId, useSession, type UseSession } from './useSession';

// At once where a chat is opened; else with the first letter of a message.
if (location.hash.startsWith('#/chat/')) loadSaid();

const longestMessage = 8000;

export function ChatPage(props: { sessionId?: string; personaId?: string }) {
  const { t } = useI18n();
  const [changes, setChanges] = useState(0);
  const [listShown, setListShown] = useState(false);
  const changed = useCallback(() => setChanges((changes) => changes + 1), []);
  // A new chat has its id before its first message, so that it begins where the page already is.
  const [fresh, setFresh] = useState(newId);
  const begun = useRef<string>(undefined);
  const sessionId = props.sessionId ?? fresh;
  const isFresh = props.sessionId === undefined || props.sessionId === begun.current;
  useEffect(() => {
    if (props.sessionId === undefined && begun.current === fresh) setFresh(newId());
  }, [props.sessionId, fresh]);

  return (
    <div className="dr-chat">
      <div className={listShown ? 'dr-side dr-side--shown' : 'dr-side'}>
        <SessionsPanel current={props.sessionId} changes={changes} onChosen={() => setListShown(false)} />
      </div>
      <div className="dr-talk">
        <Talk
          key={sessionId}
          sessionId={sessionId}
          isNew={props.sessionId === undefined}
          isFresh={isFresh}
          personaId={props.personaId}
          listShown={listShown}
          onToggleList={() => setListShown(!listShown)}
          onChanged={changed}
          onBegin={() => {
            begun.current = sessionId;
            goTo(href('chat', sessionId), true);
          }}
          onDeleted={() => {
            changed();
            setFresh(newId());
            goTo(href('chat'));
          }}
          title={t('chats')}
        />
      </div>
    </div>
  );
}

interface TalkProps {
  sessionId: string;
  // Nothing has been said yet.
  isNew: boolean;
  // It was begun here: there is nothing to read from the server.
  isFresh: boolean;
  personaId?: string;
  title: string;
  listShown: boolean;
  onToggleList(): void;
  onChanged(): void;
  onBegin(): void;
  onDeleted(): void;
}

function Talk(props: TalkProps) {
  const { t } = useI18n();
  const session = useSession(props.sessionId, props.isFresh, props.onChanged);
  const [persona, setPersona] = useState<Persona>();
  const asked = session.session?.persona_id ?? persona?.personaId ?? props.personaId;
  const known = useLoad<Persona>(asked ? `/api/personas/${encodeURIComponent(asked)}` : undefined);
  const ai = useLoad<AiStatus>('/api/ai/status');
  // As it was chosen, until all of it is known.
  const who = known.value?.personaId === asked ? known.value : persona;
  const name = who?.name ?? session.session?.persona_name ?? t('persona');
  const avatar = useAvatar({ personaId: who?.personaId ?? '', name, avatarEtag: who?.avatarEtag });
  const input = useRef<HTMLTextAreaElement>(null);
  const nothingSaid = props.isNew && session.messages.length === 0 && !session.answer;

  const model = who?.modelConfig?.model || ai.value?.defaultModel;
  const isBare = !props.isNew && isNothingIn(session);
  // There is no such session: nothing to share or to delete.
  const isNone = props.isNew || (isBare && session.session === undefined);

  const [temporary, setTemporary] = useState(false);
  const greetings = nothingSaid ? greetingsOf(who) : [];
  // By persona: another one begins with its own first.
  const [chosen, setChosen] = useState<{ of: string; place: number }>();
  const place = chosen !== undefined && chosen.of === who?.personaId ? chosen.place : 0;
  const greeting: Greeting | undefined = greetings[place];
  const opening = useNamed(who, greeting?.text);
  const beginning = useAction();

  const say = (text: string) => {
    const message = text.trim();
    if (message === '' || [...message].length > longestMessage || beginning.busy) return;
    const personaId = persona?.personaId ?? (props.isNew ? props.personaId : undefined);
    const index = greeting?.index ?? 0;
    if (props.isNew && (temporary || index > 0)) {
      void beginning
        .run(() => beginSession(message, { temporary, personaId, greetingIndex: index }))
        .then((done) => done && props.onChanged());
      return;
    }
    session.say(message, personaId, opening);
    if (props.isNew) props.onBegin();
  };

  useEffect(() => {
    input.current?.focus({ preventScroll: true });
  }, []);

  return (
    <Chatbot displayMode={ChatbotDisplayMode.embedded} ariaLabel={props.title}>
      <TalkHead
        name={(nothingSaid || isBare) && !who ? t('newChat') : name}
        avatar={(nothingSaid || isBare) && !who ? undefined : avatar}
        sessionId={isNone ? undefined : props.sessionId}
        listShown={props.listShown}
        onToggleList={props.onToggleList}
        temporary={session.session?.temporary === true && session.session.status === 'active'}
        onDeleted={props.onDeleted}
      />
      <ChatbotContent>
        {session.loading && session.messages.length === 0 ? (
          <Loading />
        ) : session.loadError ? (
          <Failed error={session.loadError} onRetry={session.reload} />
        ) : (
          <Messages session={session} sessionId={props.sessionId} name={name} avatar={avatar}>
            {isBare && <Empty title={t('chatBare')} text={t('chatBareDo')} />}
            {nothingSaid && (
              <Welcome
                ai={ai.value}
                persona={who}
                temporary={temporary}
                onTemporary={setTemporary}
                onChoose={setPersona}
                onSay={say}
                input={input}
              >
                {who && greetings.length > 0 && (
                  <Greetings
                    name={name}
                    avatar={avatar}
                    greetings={greetings}
                    chosen={place}
                    text={opening}
                    onChoose={(place) => setChosen({ of: who.personaId, place })}
                  />
                )}
              </Welcome>
            )}
          </Messages>
        )}
      </ChatbotContent>
      <ChatbotFooter>
        {beginning.error !== undefined && <Failed error={beginning.error} />}
        <Composer
          name={who?.name}
          input={input}
          ended={session.session !== undefined && session.session.status !== 'active'}
          answering={session.answer !== undefined}
          stopping={session.answer?.stopping ?? false}
          canStop={session.answer?.turnId !== undefined}
          onSay={say}
          onStop={session.stop}
        />
        <p className="dr-footnote">
          {ai.value && (!ai.value.configured || model === 'local/retrieval')
            ? t('retrievalFoot')
            : t('modelFoot', { model: model ?? '…' })}
        </p>
      </ChatbotFooter>
    </Chatbot>
  );
}

// Nothing was said in it: it has not begun, or is there no longer.
function isNothingIn(session: UseSession) {
  const { messages, answer, failure, loading, loadError } = session;
  return messages.length === 0 && !answer && !failure && !loading && !loadError;
}

// A session of which nothing is kept, or that begins otherwise than usual, is asked for before its
// first message, which is said when its page opens, as after a reload.
async function beginSession(
  message: string,
  how: { temporary: boolean; personaId?: string; greetingIndex: number },
) {
  const session = await request<Session>('/api/session', {
    method: 'POST',
    body: {
      ...(how.temporary ? { temporary: true } : {}),
      ...(how.personaId ? { persona_id: how.personaId } : {}),
      ...(how.greetingIndex > 0 ? { greeting_index: how.greetingIndex } : {}),
    },
    headers: { 'Idempotency-Key': newId() },
  });
  savePending({
    sessionId: session.session_id,
    key: newId(),
    body: { message, session_id: session.session_id, stream: true },
    time: Date.now(),
  });
  goTo(href('chat', session.session_id));
}

function finishNote(reason: string | undefined, t: I18n['t']): string | undefined {
  if (reason === 'cancelled') return t('finishCancelled');
  if (reason === 'length') return t('finishLength');
  if (reason === 'content_filter') return t('finishFilter');
  return undefined;
}

const sequenceOf = (message: Message) => message.sequence;
const keyOf = (message: Message) => message.message_id;

function Messages(props: {
  session: UseSession;
  sessionId: string;
  name: string;
  avatar: string;
  children: ReactNode;
}) {
  const { session, name, avatar, sessionId } = props;
  const { t } = useI18n();
  const [editing, setEditing] = useState<Message>();
  const { regenerate } = session;
  const again = useRef(regenerate);
  again.current = regenerate;
  const forking = useAction();
  const fork = (message: Message) =>
    void forking.run(async () => {
      const session = await request<Session>(`/api/history/${encodeURIComponent(sessionId)}/fork`, {
        method: 'POST',
        body: { sequence: message.sequence },
        headers: { 'Idempotency-Key': newId() },
      });
      goTo(href('chat', session.session_id));
    });
  const forkFrom = useRef(fork);
  forkFrom.current = fork;
  const open = session.session?.status === 'active' && session.answer === undefined;
  const newest = session.messages.at(-1);
  const last = open && newest?.role === 'assistant' && newest.metadata?.turn_id ? newest.message_id : undefined;
  const replaced = session.answer?.replaces;
  const shown = useMemo(
    () => (replaced ? session.messages.filter((message) => message.message_id !== replaced) : session.messages),
    [session.messages, replaced],
  );
  const render = useMemo(
    () =>
      function render(message: Message) {
        const mine = message.role === 'user';
        const note = finishNote(message.metadata?.finish_reason, t);
        const actions: Record<string, object> = copyAction(message.content, t('copy'), t('copied'));
        if (mine && message.sequence > 0) {
          actions.edit = {
            onClick: () => setEditing(message),
            ariaLabel: t('editAgain'),
            tooltipContent: t('editAgain'),
            clickedTooltipContent: t('editAgain'),
            clickedAriaLabel: t('editAgain'),
          };
        }
        if (message.sequence > 0 && message.message_id !== openingId) {
          actions.fork = {
            onClick: () => forkFrom.current(message),
            ariaLabel: t('fork'),
            tooltipContent: t('fork'),
            clickedTooltipContent: t('fork'),
            clickedAriaLabel: t('fork'),
            icon: <CodeBranchIcon />,
          };
        }
        if (message.message_id === last) {
          actions.regenerate = {
            onClick: () => again.current(message),
            ariaLabel: t('regenerate'),
            tooltipContent: t('regenerate'),
            clickedTooltipContent: t('regenerate'),
            clickedAriaLabel: t('regenerate'),
            icon: <RedoIcon />,
          };
        }
        return (
          <Said
            id={message.message_id}
            mine={mine}
            name={mine ? t('you') : name}
            avatar={mine ? undefined : avatar}
            content={message.content}
            time={message.timestamp}
            note={note && <p className="dr-note">{note}</p>}
            actions={actions}
          />
        );
      },
    [name, avatar, t, last],
  );
  return (
    <MessageList
      items={shown}
      sequenceOf={sequenceOf}
      keyOf={keyOf}
      render={render}
      hasOlder={session.hasOlder}
      loadingOlder={session.loadingOlder}
      onOlder={session.loadOlder}
      growing={session.messages.length > 0 || session.answer !== undefined}
      announcement={session.announcement && t('answered', { name, text: session.announcement })}
    >
      {props.children}
      {last !== undefined && newest?.metadata?.turn_id && (
        <Alternatives key={newest.metadata.turn_id} turnId={newest.metadata.turn_id} onChosen={session.look} />
      )}
      {editing && <EditAgain sessionId={sessionId} message={editing} onClose={() => setEditing(undefined)} />}
      {session.answer && (
        <div className="dr-answer" data-turn={session.answer.turnId}>
          <Said
            mine={false}
            name={name}
            avatar={avatar}
            content={session.answer.text}
            thinking={session.answer.text === ''}
            note={session.answer.waiting && <p className="dr-note" role="status">{t('waitingLine')}</p>}
          />
        </div>
      )}
      {forking.error !== undefined && <Failed error={forking.error} />}
      {session.failure && (
        <Failed
          error={session.failure.error}
          onRetry={session.failure.message !== undefined || session.failure.turnId ? () => session.retry() : undefined}
        />
      )}
    </MessageList>
  );
}

function Composer(props: {
  name?: string;
  input: { current: HTMLTextAreaElement | null };
  ended: boolean;
  answering: boolean;
  canStop: boolean;
  stopping: boolean;
  onSay(text: string): void;
  onStop(): void;
}) {
  const { t, number } = useI18n();
  const [length, setLength] = useState(0);
  const label = props.name ? t('messagePlaceholder', { name: props.name }) : t('messagePlaceholderAny');
  if (props.ended) {
    return <Failed error={new ApiError(409, 'SESSION_ENDED', '')} />;
  }
  return (
    <>
      {length > longestMessage && (
        <p className="dr-too-long" role="alert">
          {t('chatTooLong', { count: number(length) })}
        </p>
      )}
      <MessageBar
        innerRef={props.input}
        onSendMessage={(text) => {
          setLength(0);
          props.onSay(String(text));
        }}
        onChange={(_event, value) => {
          loadSaid();
          setLength([...String(value)].length);
        }}
        placeholder={label}
        aria-label={label}
        alwayShowSendButton
        hasAttachButton={false}
        isSendButtonDisabled={length === 0 || length > longestMessage || props.answering}
        hasStopButton={props.answering}
        handleStopButton={props.onStop}
        buttonProps={{
          send: { tooltipContent: t('send'), props: { 'aria-label': t('send') } },
          stop: {
            tooltipContent: props.stopping ? t('stopping') : t('stop'),
            props: { 'aria-label': t('stop'), isDisabled: props.stopping || !props.canStop },
          },
        }}
      />
    </>
  );
}

function Welcome(props: {
  ai?: AiStatus;
  persona?: Persona;
  temporary: boolean;
  onTemporary(temporary: boolean): void;
  input: { current: HTMLTextAreaElement | null };
  onChoose(persona: Persona): void;
  onSay(text: string): void;
  children: ReactNode;
}) {
  const { t } = useI18n();
  const temporaryId = useId();
  return (
    <div className="dr-welcome">
      {props.ai && !props.ai.configured && <RetrievalNote />}
      <h2>{props.persona ? t('talkWith', { name: props.persona.name }) : t('welcome')}</h2>
      <p>{t('welcomeText')}</p>
      <PersonaPicker
        chosen={props.persona?.personaId}
        onChoose={(persona) => {
          props.onChoose(persona);
          props.input.current?.focus();
        }}
      />
      {props.children}
      <div className="dr-prompts">
        {(['promptWho', 'promptWhere', 'promptLike'] as const).map((prompt) => (
          <Button
            key={prompt}
            variant="secondary"
            onPointerEnter={loadSaid}
            onFocus={loadSaid}
            onClick={() => props.onSay(t(prompt))}
          >
            {t(prompt)}
          </Button>
        ))}
      </div>
      <Checkbox
        id={temporaryId}
        label={t('temporaryBegin')}
        description={t('temporaryText')}
        isChecked={props.temporary}
        onChange={(_event, checked) => props.onTemporary(checked)}
      />
    </div>
  );
}
