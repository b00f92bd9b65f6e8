import { Button } from '@patternfly/react-core';
import { useState } from 'react';
import { request, withQuery } from '../api/client';
import type { Memory } from '../api/types';
import { useI18n } from '../i18n';
import { ConfirmDelete } from '../parts/ConfirmDelete';
import { Field, FormDialog } from '../parts/Field';
import { ListStates } from '../parts/ListStates';
import { useAction, useList, useLoad, useSettled, type List } from '../parts/load';
import { PageFrame } from '../parts/PageFrame';
import { SearchField } from '../parts/SearchField';

export default function MemoriesPage() {
  const { t, date } = useI18n();
  const [words, setWords] = useState('');
  const q = useSettled(words.trim());
  const all = useList<Memory>('/api/memories', 'memories');
  const found = useLoad<{ memories?: Memory[]; results?: { memory: Memory }[] }>(
    q ? withQuery('/api/memories/search', { q, pageSize: 50 }) : undefined,
  );
  const [editing, setEditing] = useState<Memory | 'new'>();
  const [forgetting, setForgetting] = useState<Memory>();
  const reload = () => {
    all.reload();
    found.reload();
  };
  const list: List<Memory> = q
    ? {
        items: found.value?.memories ?? found.value?.results?.map(({ memory }) => memory) ?? [],
        loading: found.loading,
        error: found.error,
        hasMore: false,
        more: () => undefined,
        reload: found.reload,
      }
    : all;

  return (
    <PageFrame
      title={t('memories')}
      text={t('memoriesText')}
      action={<Button onClick={() => setEditing('new')}>{t('newMemory')}</Button>}
    >
      <div className="dr-toolbar">
        <SearchField label={t('searchMemories')} value={words} onChange={setWords} />
      </div>
      <ListStates
        list={list}
        empty={q ? { title: t('noMatches'), text: t('noMatchesDo') } : { title: t('noMemories'), text: t('noMemoriesDo') }}
      >
        <ul className="dr-cards">
          {list.items.map((memory) => (
            <li key={memory.memoryId} className="dr-card">
              <p className="dr-text">{memory.content}</p>
              <div className="dr-card-foot">
                {memory.createTime && <span>{date(memory.createTime)}</span>}
                <Button variant="link" isInline onClick={() => setEditing(memory)}>
                  {t('edit')}
                </Button>
                <Button
                  variant="link"
                  isInline
                  isDanger
                  onClick={() => setForgetting(memory)}
                >
                  {t('memoryDelete')}
                </Button>
              </div>
            </li>
          ))}
        </ul>
      </ListStates>
      {editing !== undefined && (
        <MemoryDialog
          memory={editing === 'new' ? undefined : editing}
          onClose={() => setEditing(undefined)}
          onSaved={() => {
            setEditing(undefined);
            reload();
          }}
        />
      )}
      {forgetting && (
        <ConfirmDelete
          title={t('memoryDelete')}
          text={`${t('memoryDeleteSure')} „${forgetting.content}“`}
          path={`/api/memories/${forgetting.memoryId}`}
          onClose={() => setForgetting(undefined)}
          onDeleted={() => {
            setForgetting(undefined);
            reload();
          }}
        />
      )}
    </PageFrame>
  );
}

function MemoryDialog(props: { memory?: Memory; onClose(): void; onSaved(): void }) {
  const { t } = useI18n();
  const [content, setContent] = useState(props.memory?.content ?? '');
  const saving = useAction();
  return (
    <FormDialog
      title={t('newMemory')}
      submit={props.memory ? t('save') : t('addMemory')}
      ready={content.trim() !== ''}
      busy={saving.busy}
      error={saving.error}
      onClose={props.onClose}
      onSubmit={() =>
        void saving
          .run(() =>
            props.memory
              ? request(`/api/memories/${props.memory.memoryId}`, {
                  method: 'PATCH',
                  body: { content },
                  headers: props.memory.etag ? { 'If-Match': `"${props.memory.etag}"` } : {},
                })
              : request('/api/memories', { method: 'POST', body: { content } }),
          )
          .then((done) => done && props.onSaved())
      }
    >
      <Field label={t('newMemory')} value={content} onChange={setContent} rows={4} maxLength={2000} required />
    </FormDialog>
  );
}
