// A persona's book of lore: what it is told of its world when that is spoken of.

import { Alert, AlertActionCloseButton, Button, Checkbox, Label } from '@patternfly/react-core';
import { useId, useRef, useState } from 'react';
import { ApiError, request } from '../api/client';
import type { Lore, LoreEntry, Persona } from '../api/types';
import { href } from '../app/route';
import { useI18n } from '../i18n';
import { Confirm } from '../parts/Confirm';
import { Field, FormDialog } from '../parts/Field';
import { FileButton } from '../parts/FileButton';
import { useAction, useList, useLoad } from '../parts/load';
import { PageFrame } from '../parts/PageFrame';
import { Empty, Failed, Loading } from '../parts/states';
import { joined, readBook, written } from './books';
import { EntryDialog, entryName } from './EntryDialog';

const pathOf = (personaId: string) => `/api/personas/${encodeURIComponent(personaId)}/lore`;

function putBook(personaId: string, book: Lore) {
  return request<Lore>(pathOf(personaId), {
    method: 'PUT',
    body: written(book),
    headers: book.etag ? { 'If-Match': `"${book.etag}"` } : {},
  });
}

type Asked =
  | { what: 'edit'; entry?: LoreEntry }
  | { what: 'delete'; entry: LoreEntry }
  | { what: 'settings' }
  | { what: 'give' };

export default function LorePage({ personaId = '' }: { personaId?: string }) {
  const { t } = useI18n();
  // Of no persona there is nothing to read.
  const persona = useLoad<Persona>(personaId ? `/api/personas/${encodeURIComponent(personaId)}` : undefined);
  const lore = useLoad<Lore>(personaId ? pathOf(personaId) : undefined);
  const error = lore.error ?? persona.error;
  const status = error instanceof ApiError ? error.status : undefined;
  return (
    <PageFrame
      title={persona.value ? t('loreOf', { name: persona.value.name }) : t('lore')}
      text={t('loreText')}
    >
      <p>
        <a href={href('personas')}>{t('loreBack')}</a>
      </p>
      {!personaId || status === 404 ? (
        <Empty title={t('loreNobody')} text={t('loreNobodyDo')} />
      ) : status === 403 ? (
        <Empty title={t('loreNotYours')} text={t('loreNotYoursDo')} />
      ) : error !== undefined ? (
        <Failed
          error={error}
          onRetry={() => {
            persona.reload();
            lore.reload();
          }}
        />
      ) : lore.value && persona.value ? (
        <Book key={personaId} persona={persona.value} read={lore.value} />
      ) : (
        <Loading />
      )}
    </PageFrame>
  );
}

function Book({ persona, read }: { persona: Persona; read: Lore }) {
  const { t } = useI18n();
  const [book, setBook] = useState(read);
  const entries = book.entries ?? [];
  const [asked, setAsked] = useState<Asked>();
  const [done, setDone] = useState('');
  const action = useAction();
  const close = () => {
    action.clear();
    setAsked(undefined);
  };
  // What is to become of the book, whichever it is by then.
  const wanted = useRef<(book: Lore) => Lore>((book) => book);
  const save = (change: (book: Lore) => Lore, anew = false) => {
    wanted.current = change;
    return action
      .run(async () => {
        const base = anew ? await request<Lore>(pathOf(persona.personaId)) : book;
        setBook(await putBook(persona.personaId, { ...change(base), etag: base.etag }));
      })
      .then((saved) => {
        if (saved) setAsked(undefined);
        return saved;
      });
  };
  const saveEntries = (change: (entries: LoreEntry[]) => LoreEntry[]) =>
    void save((book) => ({ ...book, entries: change(book.entries ?? []) }));
  // Somebody else was faster: the same is done to what they have made of it.
  const stale = action.error instanceof ApiError && action.error.status === 412;
  const retry = stale ? () => void save(wanted.current, true) : undefined;
  const entry = asked?.what === 'edit' || asked?.what === 'delete' ? asked.entry : undefined;
  const isIt = (one: LoreEntry) => one.entryId === entry?.entryId;
  return (
    <>
      <div className="dr-actions">
        <Button onClick={() => setAsked({ what: 'edit' })}>{t('loreNew')}</Button>
        <ImportBook
          onRead={(other, file) =>
            void save((book) => joined(book, other)).then(
              (saved) => saved && setDone(t('loreImported', { count: other.entries?.length ?? 0, file })),
            )
          }
        />
        <Button variant="secondary" onClick={() => setAsked({ what: 'settings' })}>
          {t('loreSettings')}
        </Button>
        {entries.length > 0 && (
          <Button variant="secondary" onClick={() => setAsked({ what: 'give' })}>
            {t('loreGive')}
          </Button>
        )}
      </div>
      {done && (
        <Alert
          variant="success"
          isInline
          isLiveRegion
          component="p"
          title={done}
          actionClose={<AlertActionCloseButton aria-label={t('close')} onClose={() => setDone('')} />}
        />
      )}
      {action.error !== undefined && asked === undefined && <Failed error={action.error} onRetry={retry} />}
      {entries.length === 0 ? (
        <Empty title={t('loreNone')} text={t('loreNoneDo')} />
      ) : (
        <ul className="dr-cards">
          {entries.map((entry, place) => (
            <li key={entry.entryId ?? place} className="dr-card">
              <div className="dr-card-head">
                <h2>{entryName(entry, t)}</h2>
                {entry.constant && <Label isCompact>{t('loreConstantShort')}</Label>}
                {entry.enabled === false && <Label isCompact status="warning">{t('loreOff')}</Label>}
              </div>
              {entry.name && (entry.keys ?? []).length > 0 && (
                <ul className="dr-labels" aria-label={t('loreKeys')}>
                  {entry.keys!.map((key) => (
                    <li key={key}>
                      <Label isCompact variant="outline">
                        {key}
                      </Label>
                    </li>
                  ))}
                </ul>
              )}
              <p className="dr-text dr-clamp">{entry.content}</p>
              <div className="dr-card-foot">
                <Button
                  variant="link"
                  isInline
                  aria-label={t('loreEdit', { name: entryName(entry, t) })}
                  onClick={() => setAsked({ what: 'edit', entry })}
                >
                  {t('edit')}
                </Button>
                <Button
                  variant="link"
                  isInline
                  isDanger
                  aria-label={t('loreDelete', { name: entryName(entry, t) })}
                  onClick={() => setAsked({ what: 'delete', entry })}
                >
                  {t('delete')}
                </Button>
              </div>
            </li>
          ))}
        </ul>
      )}
      {asked?.what === 'edit' && (
        <EntryDialog
          entry={entry}
          busy={action.busy}
          error={action.error}
          onRetry={retry}
          onClose={close}
          onSave={(next) =>
            saveEntries((entries) => (entries.some(isIt) && entry ? entries.map((one) => (isIt(one) ? next : one)) : [...entries, next]))
          }
        />
      )}
      {asked?.what === 'delete' && (
        <Confirm
          title={t('delete')}
          text={t('loreDeleteSure', { name: entryName(asked.entry, t) })}
          busy={action.busy}
          error={action.error}
          onRetry={retry}
          onClose={close}
          onConfirm={() => saveEntries((entries) => entries.filter((one) => !isIt(one)))}
        />
      )}
      {asked?.what === 'settings' && (
        <SettingsDialog
          book={book}
          busy={action.busy}
          error={action.error}
          onRetry={retry}
          onClose={close}
          onSave={(settings) => void save((book) => ({ ...book, ...settings }))}
        />
      )}
      {asked?.what === 'give' && (
        <GiveDialog
          book={book}
          from={persona.personaId}
          onClose={close}
          onGiven={(name) => {
            close();
            setDone(t('loreGiven', { name }));
          }}
        />
      )}
    </>
  );
}

function ImportBook({ onRead }: { onRead(book: Lore, file: string): void }) {
  const { t } = useI18n();
  const reading = useAction();
  return (
    <>
      <FileButton
        label={t('loreImport')}
        accept=".json"
        onChosen={([file]) => void reading.run(async () => onRead(readBook(await file.text()), file.name))}
      />
      {reading.error !== undefined && (
        <div className="dr-wide">
          <Failed error={reading.error} />
        </div>
      )}
    </>
  );
}

function SettingsDialog(props: {
  book: Lore;
  busy: boolean;
  error?: unknown;
  onRetry?(): void;
  onSave(settings: Lore): void;
  onClose(): void;
}) {
  const { t } = useI18n();
  const { book } = props;
  const [name, setName] = useState(book.name ?? '');
  const [depth, setDepth] = useState(String(book.scanDepth ?? 4));
  const [budget, setBudget] = useState(String(book.tokenBudget ?? ''));
  const [recursive, setRecursive] = useState(book.recursiveScanning ?? false);
  const id = useId();
  return (
    <FormDialog
      title={t('loreSettings')}
      submit={t('save')}
      ready={depth !== ''}
      busy={props.busy}
      error={props.error}
      onRetry={props.onRetry}
      onClose={props.onClose}
      onSubmit={() =>
        props.onSave({
          name,
          scanDepth: Number(depth),
          tokenBudget: budget === '' ? undefined : Number(budget),
          recursiveScanning: recursive,
        })
      }
    >
      <Field label={t('loreBookName')} value={name} onChange={setName} maxLength={500} />
      <Field label={t('loreScanDepth')} value={depth} onChange={setDepth} type="number" required />
      <Field label={t('loreBudget')} value={budget} onChange={setBudget} type="number" help={t('loreBudgetHelp')} />
      <Checkbox
        id={id}
        label={t('loreRecursive')}
        isChecked={recursive}
        onChange={(_event, checked) => setRecursive(checked)}
      />
    </FormDialog>
  );
}

// The same entries for another persona: behind those that it has.
function GiveDialog(props: { book: Lore; from: string; onGiven(name: string): void; onClose(): void }) {
  const { t } = useI18n();
  const mine = useList<Persona>('/api/personas', 'personas', { ownerId: 'me', view: 'basic', orderBy: 'name' });
  const others = mine.items.filter((persona) => persona.type !== 'human' && persona.personaId !== props.from);
  const [chosen, setChosen] = useState('');
  const giving = useAction();
  const to = others.find((persona) => persona.personaId === chosen) ?? others[0];
  const give = async () => {
    const theirs = await request<Lore>(pathOf(to!.personaId));
    await putBook(to!.personaId, { ...joined(theirs, props.book), etag: theirs.etag });
  };
  return (
    <FormDialog
      title={t('loreGive')}
      submit={t('loreGiveNow')}
      ready={to !== undefined}
      busy={giving.busy}
      error={giving.error}
      onClose={props.onClose}
      onSubmit={() => void giving.run(give).then((done) => done && props.onGiven(to!.name))}
    >
      {mine.error !== undefined && <Failed error={mine.error} onRetry={mine.reload} />}
      {mine.loading && mine.items.length === 0 && <Loading />}
      {!mine.loading && mine.error === undefined && others.length === 0 && <p>{t('loreGiveNobody')}</p>}
      {to && (
        <Field
          label={t('loreGiveTo')}
          value={to.personaId}
          onChange={setChosen}
          help={t('loreGiveHelp')}
          options={others.map((persona) => ({ value: persona.personaId, label: persona.name }))}
        />
      )}
      {mine.hasMore && (
        <Button variant="link" onClick={mine.more}>
          {t('more')}
        </Button>
      )}
    </FormDialog>
  );
}
