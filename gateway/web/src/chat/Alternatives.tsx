// Which of several answers to the last message counts, where there are several.

import { Button } from '@patternfly/react-core';
import { AngleLeftIcon } from '@patternfly/react-icons/dist/esm/icons/angle-left-icon';
import { AngleRightIcon } from '@patternfly/react-icons/dist/esm/icons/angle-right-icon';
import { request } from '../api/client';
import type { Turn } from '../api/types';
import { useI18n } from '../i18n';
import { useAction, useLoad } from '../parts/load';
import { Failed } from '../parts/states';

export function Alternatives({ turnId, onChosen }: { turnId: string; onChosen(): Promise<void> }) {
  const { t } = useI18n();
  const all = useLoad<{ alternatives?: Turn[] }>(`/api/turns/${turnId}/alternatives`);
  const choosing = useAction();
  // One that failed said nothing.
  const turns = (all.value?.alternatives ?? []).filter((turn) => turn.message_id);
  const index = turns.findIndex((turn) => turn.turn_id === turnId);
  if (turns.length < 2 || index < 0) return null;
  const choose = (turn: Turn | undefined) =>
    turn &&
    void choosing.run(async () => {
      await request(`/api/turns/${turn.turn_id}/select`, { method: 'POST', body: {} });
      await onChosen();
    });
  return (
    <div className="dr-alternatives" role="group" aria-label={t('alternatives')}>
      <Button
        variant="plain"
        icon={<AngleLeftIcon />}
        aria-label={t('previousAnswer')}
        isDisabled={index === 0 || choosing.busy}
        onClick={() => choose(turns[index - 1])}
      />
      <span role="status">{t('alternative', { number: index + 1, count: turns.length })}</span>
      <Button
        variant="plain"
        icon={<AngleRightIcon />}
        aria-label={t('nextAnswer')}
        isDisabled={index === turns.length - 1 || choosing.busy}
        onClick={() => choose(turns[index + 1])}
      />
      {choosing.error !== undefined && <Failed error={choosing.error} />}
    </div>
  );
}
