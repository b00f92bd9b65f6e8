import { Button, Checkbox, Label, LabelGroup } from '@patternfly/react-core';
import { useId, useState } from 'react';
import { request } from '../api/client';
import type { JournalEntry } from '../api/types';
import { useI18n } from '../i18n';
import { ConfirmDelete } from '../parts/ConfirmDelete';
import { Field, FormDialog } from '../parts/Field';
import { ListStates } from '../parts/ListStates';
import { useAction, useList, useLoad, useSettled } from '../parts/load';
import { PageFrame } from '../parts/PageFrame';
import { SearchField } from '../parts/SearchField';

interface Stats {
  totalEntries?: number;
  totalWords?: number;
  currentStreak?: number;
  longestStreak?: number;
  entriesThisWeek?: number;
}

export default function JournalPage() {
  const { t, date, number } = useI18n();
  const [words, setWords] = useState('');
  const q = useSettled(words.trim());
  const list = useList<JournalEntry>('/api/journal', 'entries', { q });
  const stats = useLoad<Stats>('/api/journal/stats');
  const [editing, setEditing] = useState<JournalEntry | 'new'>();
  const [deleting, setDeleting] = useState<JournalEntry>();
  const reload = () => {
    list.reload();
    stats.reload();
  };
  const numbers: [string, number | undefined][] = [
    [t('statEntries'), stats.value?.totalEntries],
    [t('statWords'), stats.value?.totalWords],
    [t('statStreak'), stats.value?.currentStreak],
    [t('statLongest'), stats.value?.longestStreak],
    [t('statWeek'), stats.value?.entriesThisWeek],
  ];
  return (
    <PageFrame
      title={t('journal')}
      text={t('journalText')}
      action={<Button onClick={() => setEditing('new')}>{t('newEntry')}</Button>}
    >
      {stats.value && (stats.value.totalEntries ?? 0) > 0 && (
        <dl className="dr-stats">
          {numbers.map(([label, value]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>{number(value ?? 0)}</dd>
            </div>
          ))}
        </dl>
      )}
      <div className="dr-toolbar">
        <SearchField label={t('searchJournal')} value={words} onChange={setWords} />
      </div>
      <ListStates
        list={list}
        empty={q ? { title: t('noMatches'), text: t('noMatchesDo') } : { title: t('noEntries'), text: t('noEntriesDo') }}
      >
        <ul className="dr-cards">
          {list.items.map((entry) => (
            <li key={entry.entryId} className="dr-card">
              <div className="dr-card-head">
                <h2>{entry.title}</h2>
                {entry.shareWithPersonas && <Label isCompact>{t('entryShared')}</Label>}
              </div>
              <p className="dr-text">{entry.encryption ? t('entryEncrypted') : entry.content}</p>
              {(entry.tags ?? []).length > 0 && (
                <LabelGroup aria-label={t('entryTags')} numLabels={20}>
                  {entry.tags!.map((tag) => (
                    <Label key={tag} isCompact variant="outline">
                      {tag}
                    </Label>
                  ))}
                </LabelGroup>
              )}
              <div className="dr-card-foot">
                <span>
                  {[date(entry.createTime), entry.mood, entry.wordCount && t('entryWords', { count: number(entry.wordCount) })]
                    .filter(Boolean)
                    .join(' · ')}
                </span>
                {!entry.encryption && (
                  <Button variant="link" isInline onClick={() => setEditing(entry)}>
                    {t('edit')}
                  </Button>
                )}
                <Button
                  variant="link"
                  isInline
                  isDanger
                  onClick={() => setDeleting(entry)}
                >
                  {t('delete')}
                </Button>
              </div>
            </li>
          ))}
        </ul>
      </ListStates>
      {editing !== undefined && (
        <EntryDialog
          entry={editing === 'new' ? undefined : editing}
          onClose={() => setEditing(undefined)}
          onSaved={() => {
            setEditing(undefined);
            reload();
          }}
        />
      )}
      {deleting && (
        <ConfirmDelete
          title={t('delete')}
          text={`${t('entryDeleteSure')} „${deleting.title}“`}
          path={`/api/journal/${deleting.entryId}`}
          onClose={() => setDeleting(undefined)}
          onDeleted={() => {
            setDeleting(undefined);
            reload();
          }}
        />
      )}
    </PageFrame>
  );
}

function EntryDialog(props: { entry?: JournalEntry; onClose(): void; onSaved(): void }) {
  const { t } = useI18n();
  const { entry } = props;
  const [title, setTitle] = useState(entry?.title ?? '');
  const [content, setContent] = useState(entry?.content ?? '');
  const [mood, setMood] = useState(entry?.mood ?? '');
  const [tags, setTags] = useState((entry?.tags ?? []).join(', '));
  const [share, setShare] = useState(entry?.shareWithPersonas ?? false);
  const shareId = useId();
  const saving = useAction();
  const save = () => {
    const body = {
      title,
      content,
      mood,
      tags: tags
        .split(',')
        .map((tag) => tag.trim())
        .filter(Boolean),
      shareWithPersonas: share,
    };
    if (!entry) return request('/api/journal', { method: 'POST', body });
    return request(`/api/journal/${entry.entryId}`, {
      method: 'PATCH',
      body,
      headers: entry.etag ? { 'If-Match': `"${entry.etag}"` } : {},
    });
  };
  return (
    <FormDialog
      title={entry ? t('edit') : t('newEntry')}
      submit={t('save')}
      ready={title.trim() !== '' && content.trim() !== ''}
      busy={saving.busy}
      error={saving.error}
      onClose={props.onClose}
      onSubmit={() => void saving.run(save).then((done) => done && props.onSaved())}
    >
      <Field label={t('entryTitle')} value={title} onChange={setTitle} maxLength={200} required />
      <Field label={t('entryContent')} value={content} onChange={setContent} rows={8} required />
      <Field label={t('entryMood')} value={mood} onChange={setMood} maxLength={50} />
      <Field label={t('entryTags')} value={tags} onChange={setTags} />
      <Checkbox id={shareId} label={t('entryShare')} isChecked={share} onChange={(_event, checked) => setShare(checked)} />
    </FormDialog>
  );
}
