// Links under which anybody may read a chat as it is now.

import { Button } from '@patternfly/react-core';
import { useState } from 'react';
import { newId, request } from '../api/client';
import { href } from '../app/route';
import type { Share as Link } from '../api/types';
import { useI18n, type Key } from '../i18n';
import { CopyField } from '../parts/CopyField';
import { Dialog } from '../parts/Dialog';
import { Field } from '../parts/Field';
import { useAction, useLoad } from '../parts/load';
import { Failed, Loading } from '../parts/states';

const days: Record<string, Key> = { '': 'shareForever', '1': 'shareDay', '7': 'shareWeek', '30': 'shareMonth' };

export function Share({ sessionId, onClose }: { sessionId: string; onClose(): void }) {
  const { t, date } = useI18n();
  const path = `/api/history/${encodeURIComponent(sessionId)}/share`;
  const links = useLoad<{ shares: Link[] }>(path);
  const [lasting, setLasting] = useState('7');
  const [made, setMade] = useState<Link>();
  const action = useAction();
  const make = async () => {
    const link = await request<Link>(path, {
      method: 'POST',
      body: lasting ? { expires_at: new Date(Date.now() + Number(lasting) * 86_400_000).toISOString() } : {},
      headers: { 'Idempotency-Key': newId() },
    });
    setMade(link);
    links.reload();
  };
  const revoke = async (link: Link) => {
    await request(`${path}/${link.share_id}`, { method: 'DELETE' });
    if (made?.share_id === link.share_id) setMade(undefined);
    links.reload();
  };
  return (
    <Dialog title={t('share')} onClose={onClose}>
      <p>{t('shareText')}</p>
      <div className="dr-inline-form">
        <Field
          label={t('shareLasting')}
          value={lasting}
          onChange={setLasting}
          options={Object.entries(days).map(([value, key]) => ({ value, label: t(key) }))}
        />
        <Button isLoading={action.busy} isDisabled={action.busy} onClick={() => void action.run(make)}>
          {t('shareCreate')}
        </Button>
      </div>
      {made?.url && (
        <CopyField
          label={t('shareLink')}
          value={`${location.origin}/${href('shared', made.url.slice(made.url.lastIndexOf('/') + 1))}`}
        />
      )}
      {action.error !== undefined && <Failed error={action.error} />}
      {links.error !== undefined && <Failed error={links.error} onRetry={links.reload} />}
      {links.loading && !links.value && <Loading />}
      {links.value && links.value.shares.length === 0 && <p>{t('shareNone')}</p>}
      <ul className="dr-links" aria-label={t('shareLinks')}>
        {links.value?.shares.map((link) => (
          <li key={link.share_id}>
            <span>
              {t('shareOf', { time: date(link.created_at) })}{' '}
              {link.expires_at && t('shareUntil', { time: date(link.expires_at) })}
            </span>
            <Button
              variant="link"
              isInline
              isDanger
              isDisabled={action.busy}
              aria-label={t('shareRevokeOf', { time: date(link.created_at) })}
              onClick={() => void action.run(() => revoke(link))}
            >
              {t('shareRevoke')}
            </Button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
