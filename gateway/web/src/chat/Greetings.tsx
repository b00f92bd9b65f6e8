// How a persona begins a chat: what it will say first, and which of several that is.

import { Button } from '@patternfly/react-core';
import { AngleLeftIcon } from '@patternfly/react-icons/dist/esm/icons/angle-left-icon';
import { AngleRightIcon } from '@patternfly/react-icons/dist/esm/icons/angle-right-icon';
import { useEffect, useRef } from 'react';
import type { Persona, Profile } from '../api/types';
import { useI18n } from '../i18n';
import { useLoad } from '../parts/load';
import { Said } from './Said';

export interface Greeting {
  // As `greeting_index` counts them.
  index: number;
  text: string;
}

export function greetingsOf(persona: Persona | undefined): Greeting[] {
  return [persona?.greeting ?? '', ...(persona?.alternateGreetings ?? [])]
    .map((text, index) => ({ index, text }))
    .filter(({ text }) => text.trim() !== '');
}

// The names that stand in a greeting, as the server will put them; what it draws by lot stays as it is.
export function useNamed(persona: Persona | undefined, text: string | undefined): string {
  const forUser = text !== undefined && /{{user}}|<user>/i.test(text);
  const profile = useLoad<Profile>(forUser ? '/api/profile' : undefined);
  if (text === undefined) return '';
  const character = persona?.nickname || persona?.name || '';
  const user = profile.value?.displayName || 'User';
  return text.replace(/{{char}}|<bot>/gi, () => character).replace(/{{user}}|<user>/gi, () => user);
}

export function Greetings(props: {
  name: string;
  avatar?: string;
  greetings: Greeting[];
  // The one chosen, with its names.
  chosen: number;
  text: string;
  onChoose(place: number): void;
}) {
  const { t } = useI18n();
  const { greetings, chosen } = props;
  // Below many others to choose from it would not be seen.
  const place = useRef<HTMLElement>(null);
  useEffect(() => {
    place.current?.scrollIntoView({ block: 'nearest' });
  }, [props.name]);
  return (
    <section ref={place} className="dr-greeting" aria-label={t('greetings', { name: props.name })}>
      <Said mine={false} name={props.name} avatar={props.avatar} content={props.text} />
      {greetings.length > 1 && (
        <div className="dr-alternatives">
          <Button
            variant="plain"
            icon={<AngleLeftIcon />}
            aria-label={t('greetingPrevious')}
            isDisabled={chosen === 0}
            onClick={() => props.onChoose(chosen - 1)}
          />
          <span role="status">{t('greetingOf', { number: chosen + 1, count: greetings.length })}</span>
          <Button
            variant="plain"
            icon={<AngleRightIcon />}
            aria-label={t('greetingNext')}
            isDisabled={chosen === greetings.length - 1}
            onClick={() => props.onChoose(chosen + 1)}
          />
        </div>
      )}
    </section>
  );
}
