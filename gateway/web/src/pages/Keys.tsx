// The caller's keys for programs: made, given another secret, revoked. A secret is shown once.

import { Button, Checkbox, Label } from '@patternfly/react-core';
import { useId, useState } from 'react';
import { newId, request } from '../api/client';
import type { ApiKey } from '../api/types';
import { useI18n, type Key } from '../i18n';
import { ConfirmDelete } from '../parts/ConfirmDelete';
import { CopyField } from '../parts/CopyField';
import { Dialog } from '../parts/Dialog';
import { Field, FormDialog } from '../parts/Field';
import { ListStates } from '../parts/ListStates';
import { useAction, useList } from '../parts/load';

const scopeKeys: Record<ApiKey['scopes'][number], Key> = {
  chat: 'scopeChat',
  personas_read: 'scopePersonasRead',
  personas_write: 'scopePersonasWrite',
  memory: 'scopeMemory',
  admin: 'scopeAdmin',
};
const scopes = Object.keys(scopeKeys) as ApiKey['scopes'];

export function Keys() {
  const { t, date, number } = useI18n();
  const list = useList<ApiKey>('/api/keys', 'keys');
  const [making, setMaking] = useState(false);
  const [rotating, setRotating] = useState<ApiKey>();
  const [revoking, setRevoking] = useState<ApiKey>();
  const [shown, setShown] = useState<ApiKey>();
  const made = (key: ApiKey) => {
    setMaking(false);
    setRotating(undefined);
    setShown(key);
    list.reload();
  };
  return (
    <section aria-labelledby="keys">
      <div className="dr-section-head">
        <h2 id="keys">{t('keys')}</h2>
        <Button variant="secondary" onClick={() => setMaking(true)}>
          {t('newKey')}
        </Button>
      </div>
      <p>{t('keysText')}</p>
      <ListStates list={list} empty={{ title: t('noKeys'), text: t('noKeysDo') }}>
        <ul className="dr-cards">
          {list.items.map((key) => (
            <li key={key.keyId} className="dr-card">
              <div className="dr-card-head">
                <h3>{key.name}</h3>
                <code>
                  {key.prefix}…{key.lastFour}
                </code>
              </div>
              <ul className="dr-labels" aria-label={t('keyScopes')}>
                {key.scopes.map((scope) => (
                  <li key={scope}>
                    <Label isCompact>{t(scopeKeys[scope])}</Label>
                  </li>
                ))}
              </ul>
              <div className="dr-card-foot">
                <span>{key.lastUsedAt ? t('keyUsed', { time: date(key.lastUsedAt) }) : t('keyNeverUsed')}</span>
                {key.expiresAt && <span>{t('keyExpires', { time: date(key.expiresAt) })}</span>}
                {key.requestsPerMinute !== undefined && (
                  <span>{t('keyRate', { count: number(key.requestsPerMinute) })}</span>
                )}
                {key.monthlyBudgetMicros !== undefined && (
                  <span>{t('keyBudgetIs', { amount: number(key.monthlyBudgetMicros / 1e6) })}</span>
                )}
                <Button variant="link" isInline aria-label={t('keyRotateIt', { name: key.name })} onClick={() => setRotating(key)}>
                  {t('keyRotate')}
                </Button>
                <Button
                  variant="link"
                  isInline
                  isDanger
                  aria-label={t('keyRevokeIt', { name: key.name })}
                  onClick={() => setRevoking(key)}
                >
                  {t('keyRevoke')}
                </Button>
              </div>
            </li>
          ))}
        </ul>
      </ListStates>
      {making && <KeyDialog onClose={() => setMaking(false)} onMade={made} />}
      {rotating && <RotateDialog apiKey={rotating} onClose={() => setRotating(undefined)} onMade={made} />}
      {shown?.secret && (
        <Dialog title={t('keySecret')} onClose={() => setShown(undefined)}>
          <p>{t('keySecretText')}</p>
          <CopyField label={shown.name} value={shown.secret} />
        </Dialog>
      )}
      {revoking && (
        <ConfirmDelete
          title={t('keyRevoke')}
          text={t('keyRevokeSure', { name: revoking.name })}
          path={`/api/keys/${revoking.keyId}`}
          onClose={() => setRevoking(undefined)}
          onDeleted={() => {
            setRevoking(undefined);
            list.reload();
          }}
        />
      )}
    </section>
  );
}

function KeyDialog(props: { onClose(): void; onMade(key: ApiKey): void }) {
  const { t } = useI18n();
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<ApiKey['scopes']>(['chat', 'personas_read']);
  const [until, setUntil] = useState('');
  const [rate, setRate] = useState('');
  const [budget, setBudget] = useState('');
  const id = useId();
  const saving = useAction();
  const save = async () => {
    const key = await request<ApiKey>('/api/keys', {
      method: 'POST',
      body: {
        name: name.trim(),
        scopes: chosen,
        ...(until ? { expiresAt: new Date(`${until}T00:00:00`).toISOString() } : {}),
        ...(rate ? { requestsPerMinute: Number(rate) } : {}),
        ...(budget ? { monthlyBudgetMicros: Math.round(Number(budget) * 1e6) } : {}),
      },
      headers: { 'Idempotency-Key': newId() },
    });
    props.onMade(key);
  };
  return (
    <FormDialog
      title={t('newKey')}
      submit={t('keyCreate')}
      ready={name.trim() !== '' && chosen.length > 0}
      busy={saving.busy}
      error={saving.error}
      onClose={props.onClose}
      onSubmit={() => void saving.run(save)}
    >
      <Field label={t('keyName')} value={name} onChange={setName} maxLength={100} help={t('keyNameHelp')} required />
      <fieldset className="dr-fieldset">
        <legend>{t('keyScopes')}</legend>
        {scopes.map((scope) => (
          <Checkbox
            key={scope}
            id={`${id}-${scope}`}
            label={t(scopeKeys[scope])}
            isChecked={chosen.includes(scope)}
            onChange={(_event, checked) =>
              setChosen(checked ? [...chosen, scope] : chosen.filter((other) => other !== scope))
            }
          />
        ))}
      </fieldset>
      <Field label={t('keyUntil')} value={until} onChange={setUntil} type="date" help={t('keyUntilHelp')} />
      <Field label={t('keyRateLimit')} value={rate} onChange={setRate} type="number" />
      <Field label={t('keyBudget')} value={budget} onChange={setBudget} type="number" />
    </FormDialog>
  );
}

const graces = [0, 3600, 86_400, 604_800] as const;
const graceKeys: Record<(typeof graces)[number], Key> = {
  0: 'graceNone',
  3600: 'graceHour',
  86400: 'graceDay',
  604800: 'graceWeek',
};

function RotateDialog(props: { apiKey: ApiKey; onClose(): void; onMade(key: ApiKey): void }) {
  const { t } = useI18n();
  const [grace, setGrace] = useState('0');
  const rotation = useAction();
  return (
    <FormDialog
      title={t('keyRotateIt', { name: props.apiKey.name })}
      submit={t('keyRotate')}
      ready
      busy={rotation.busy}
      error={rotation.error}
      onClose={props.onClose}
      onSubmit={() =>
        void rotation.run(async () =>
          props.onMade(
            await request<ApiKey>(`/api/keys/${props.apiKey.keyId}/rotate`, {
              method: 'POST',
              body: { graceSeconds: Number(grace) },
              headers: { 'Idempotency-Key': newId() },
            }),
          ),
        )
      }
    >
      <Field
        label={t('keyGrace')}
        value={grace}
        onChange={setGrace}
        options={graces.map((seconds) => ({ value: String(seconds), label: t(graceKeys[seconds]) }))}
      />
    </FormDialog>
  );
}
