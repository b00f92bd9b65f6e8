// Who is talked to in a new chat.

import { Button } from '@patternfly/react-core';
import { useState } from 'react';
import type { Persona } from '../api/types';
import { useI18n } from '../i18n';
import { useList, useSettled } from '../parts/load';
import { PersonaAvatar } from '../parts/PersonaAvatar';
import { SearchField } from '../parts/SearchField';
import { Failed, Loading } from '../parts/states';

export function PersonaPicker(props: { chosen?: string; onChoose(persona: Persona): void }) {
  const { t } = useI18n();
  const [words, setWords] = useState('');
  const q = useSettled(words.trim());
  const list = useList<Persona>('/api/personas', 'personas', { q, view: 'basic' });
  const speakers = list.items.filter((persona) => persona.type !== 'human');
  return (
    <section className="dr-picker" aria-label={t('choosePersona')}>
      {(list.hasMore || q !== '' || speakers.length > 8) && (
        <SearchField label={t('personaSearch')} value={words} onChange={setWords} />
      )}
      {list.error !== undefined && <Failed error={list.error} onRetry={list.reload} />}
      {list.loading && list.items.length === 0 && <Loading />}
      <ul className="dr-picker-list">
        {speakers.map((persona) => (
          <li key={persona.personaId}>
            <button
              type="button"
              aria-pressed={persona.personaId === props.chosen}
              onClick={() => props.onChoose(persona)}
            >
              <PersonaAvatar persona={persona} size="md" />
              <span>
                <strong>{persona.name}</strong>
                {persona.description && <small>{persona.description}</small>}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {list.hasMore && (
        <Button variant="link" onClick={list.more} isLoading={list.loading}>
          {t('more')}
        </Button>
      )}
    </section>
  );
}
