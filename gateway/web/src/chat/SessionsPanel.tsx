// The caller's chats, newest first, with a search through everything that was said.

import { Button, Skeleton } from '@patternfly/react-core';
import { PlusIcon } from '@patternfly/react-icons/dist/esm/icons/plus-icon';
import { useEffect, useState } from 'react';
import type { SessionSummary } from '../api/types';
import { goTo, href } from '../app/route';
import { useI18n } from '../i18n';
import { useList, useSettled } from '../parts/load';
import { SearchField } from '../parts/SearchField';
import { Failed } from '../parts/states';

const spelling = { size: 'page_size', token: 'page_token', next: 'next_page_token' };

export function SessionsPanel(props: { current?: string; changes: number; onChosen(): void }) {
  const { t, date } = useI18n();
  const [words, setWords] = useState('');
  const q = useSettled(words.trim());
  const list = useList<SessionSummary>('/api/history', 'conversations', { q }, spelling);
  const { reload } = list;
  useEffect(() => {
    if (props.changes > 0) reload();
  }, [props.changes, reload]);

  return (
    <nav className="dr-sessions" aria-label={t('chats')}>
      <Button
        variant="primary"
        isBlock
        icon={<PlusIcon />}
        onClick={() => {
          goTo(href('chat'));
          props.onChosen();
        }}
      >
        {t('newChat')}
      </Button>
      <SearchField label={t('searchChats')} value={words} onChange={setWords} />
      <p className="pf-v6-screen-reader" role="status">
        {q && !list.loading ? t('searchResult', { count: list.items.length }) : ''}
      </p>
      {list.error !== undefined && <Failed error={list.error} onRetry={reload} />}
      {list.loading && list.items.length === 0 && <Skeleton height="3rem" screenreaderText={t('loading')} />}
      {!list.loading && list.error === undefined && list.items.length === 0 && (
        <div className="dr-nothing">
          <strong>{q ? t('noMatches') : t('noChats')}</strong>
          <span>{q ? t('noMatchesDo') : t('noChatsDo')}</span>
        </div>
      )}
      <ul>
        {list.items.map((session) => (
          <li key={session.session_id}>
            <a
              href={href('chat', session.session_id)}
              aria-current={session.session_id === props.current ? 'page' : undefined}
              onClick={props.onChosen}
            >
              <span className="dr-session-title">{session.title || session.session_id}</span>
              <span className="dr-session-preview">{session.last_message_preview}</span>
              <span className="dr-session-time">
                {date(session.updated_at)}
                {session.status !== 'active' && ` · ${t('endedChat')}`}
              </span>
            </a>
          </li>
        ))}
      </ul>
      {list.hasMore && (
        <Button variant="link" isBlock onClick={list.more} isLoading={list.loading} isDisabled={list.loading}>
          {t('moreChats')}
        </Button>
      )}
    </nav>
  );
}
