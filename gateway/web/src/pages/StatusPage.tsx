import { Alert, Label } from '@patternfly/react-core';
import { useState } from 'react';
import { ApiError } from '../api/client';
import type { AiStatus } from '../api/types';
import { useI18n } from '../i18n';
import { Field } from '../parts/Field';
import { ListStates } from '../parts/ListStates';
import { useList, useLoad } from '../parts/load';
import { PageFrame } from '../parts/PageFrame';
import { Failed, Loading } from '../parts/states';

interface Health {
  status: 'healthy' | 'degraded' | 'unhealthy';
  version: string;
  services: Record<string, string>;
}

interface Databases {
  environment?: string;
  services: Record<
    string,
    {
      engine?: string;
      connected?: boolean;
      schemaVersion?: number;
      pending?: string[];
      tables?: { name: string; rowCount?: number }[];
    }
  >;
}

export default function StatusPage() {
  const { t } = useI18n();
  return (
    <PageFrame title={t('status')} text={t('statusText')}>
      <Models />
      <Services />
      <UsageTable own />
      <UsageTable />
      <DatabasesTable />
      <p>
        <a href="/licenses.txt">{t('statusLicenses')}</a>
      </p>
    </PageFrame>
  );
}

function Models() {
  const { t, date } = useI18n();
  const ai = useLoad<AiStatus>('/api/ai/status');
  if (ai.error !== undefined) return <Failed error={ai.error} onRetry={ai.reload} />;
  if (!ai.value) return <Loading />;
  return (
    <div>
      <h2 id="models">{t('statusModels')}</h2>
      {!ai.value.configured && (
        <Alert variant="info" isInline component="p" title={t('retrievalTitle')}>
          <p>{t('retrievalText')}</p>
          <pre tabIndex={0}>OPENAI_API_KEY=... ./dev up</pre>
        </Alert>
      )}
      <p>
        {t('statusDefault')}: <strong>{ai.value.defaultModel}</strong>
      </p>
      <div className="dr-table-wrap" tabIndex={0} role="region" aria-labelledby="models">
        <table className="dr-table">
          <thead>
            <tr>
              <th scope="col">{t('statusProvider')}</th>
              <th scope="col">{t('statusState')}</th>
              <th scope="col">{t('statusModels')}</th>
              <th scope="col">{t('statusLastError')}</th>
            </tr>
          </thead>
          <tbody>
            {ai.value.providers.map((provider) => (
              <tr key={provider.name}>
                <th scope="row">{provider.name}</th>
                <td>
                  <Label isCompact status={provider.state === 'available' ? 'success' : 'danger'}>
                    {provider.state === 'available' ? t('statusAvailable') : t('statusUnavailable')}
                  </Label>
                </td>
                <td>{provider.models.join(', ')}</td>
                <td>
                  {provider.lastError &&
                    [
                      provider.lastError.time && date(provider.lastError.time),
                      provider.lastError.model,
                      provider.lastError.code,
                      provider.lastError.message,
                      provider.lastError.url,
                    ]
                      .filter(Boolean)
                      .join(' · ')}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function Services() {
  const { t } = useI18n();
  const health = useLoad<Health>('/api/health');
  if (health.error !== undefined) return <Failed error={health.error} onRetry={health.reload} />;
  if (!health.value) return <Loading />;
  return (
    <div>
      <h2 id="services">{t('statusServices')}</h2>
      <p>
        {t('statusVersion')} {health.value.version}
      </p>
      <ul className="dr-labels">
        {Object.entries(health.value.services).map(([name, state]) => (
          <li key={name}>
            <Label isCompact status={state === 'serving' ? 'success' : 'danger'}>
              {name}: {state === 'serving' ? t('statusServing') : t('statusNotServing')}
            </Label>
          </li>
        ))}
      </ul>
    </div>
  );
}

interface UsageGroup {
  key: string;
  calls?: number;
  inputTokens?: number;
  outputTokens?: number;
  costMicros?: number;
  estimated?: boolean;
}

const groupKeys = {
  model: 'usageModel',
  day: 'usageDay',
  user: 'usageUser',
  persona: 'usagePersona',
  key: 'usageKey',
} as const;
type Grouping = keyof typeof groupKeys;

interface Budget {
  monthlyBudgetMicros?: number;
  spentMicros?: number;
  reservedMicros?: number;
  beginsAnew?: string;
}

// What this month's answers took: the caller's own, or, for admins, everybody's.
function UsageTable({ own }: { own?: boolean }) {
  const { t, date, language, number } = useI18n();
  const [groupBy, setGroupBy] = useState<Grouping>('model');
  const [from] = useState(() => {
    const now = new Date();
    return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth())).toISOString();
  });
  const path = own ? '/api/usage' : '/api/admin/usage';
  const groupings: Grouping[] = own ? ['model', 'day', 'persona', 'key'] : ['model', 'day', 'user', 'persona'];
  const list = useList<UsageGroup>(path, 'groups', { groupBy, from });
  const budget = useLoad<{ budget?: Budget }>(own ? '/api/usage?pageSize=1' : undefined).value?.budget;
  if (list.error instanceof ApiError && list.error.status === 403) return null;
  const money = new Intl.NumberFormat(language, { style: 'currency', currency: 'USD', maximumFractionDigits: 4 });
  const heading = own ? 'own-usage' : 'usage';
  return (
    <div>
      <h2 id={heading}>{own ? t('usageOwn') : t('usage')}</h2>
      {budget?.monthlyBudgetMicros !== undefined && (
        <p>
          {t('usageBudget', {
            budget: money.format(budget.monthlyBudgetMicros / 1e6),
            spent: money.format((budget.spentMicros ?? 0) / 1e6),
            reserved: money.format((budget.reservedMicros ?? 0) / 1e6),
            time: budget.beginsAnew ? date(budget.beginsAnew) : '–',
          })}
        </p>
      )}
      <div className="dr-toolbar">
        <Field
          label={t('usageBy')}
          value={groupBy}
          onChange={(value) => setGroupBy(value as Grouping)}
          options={groupings.map((value) => ({ value, label: t(groupKeys[value]) }))}
        />
      </div>
      <ListStates list={list} empty={{ title: t('usageNone'), text: t('usageNoneDo') }}>
        <div className="dr-table-wrap" tabIndex={0} role="region" aria-labelledby={heading}>
          <table className="dr-table">
            <thead>
              <tr>
                <th scope="col">{t(groupKeys[groupBy])}</th>
                <th scope="col">{t('usageCalls')}</th>
                <th scope="col">{t('usageInput')}</th>
                <th scope="col">{t('usageOutput')}</th>
                <th scope="col">{t('usageCost')}</th>
              </tr>
            </thead>
            <tbody>
              {list.items.map((group) => (
                <tr key={group.key}>
                  <th scope="row">{group.key || '–'}</th>
                  <td>{number(group.calls ?? 0)}</td>
                  <td>{number(group.inputTokens ?? 0)}</td>
                  <td>{number(group.outputTokens ?? 0)}</td>
                  <td>
                    {money.format((group.costMicros ?? 0) / 1e6)} {group.estimated && t('usageEstimated')}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </ListStates>
    </div>
  );
}

// For admins; there is nothing of it for others.
function DatabasesTable() {
  const { t, number } = useI18n();
  const databases = useLoad<Databases>('/api/admin/database-status');
  if (databases.error instanceof ApiError && databases.error.status === 403) return null;
  if (databases.error !== undefined) return <Failed error={databases.error} onRetry={databases.reload} />;
  if (!databases.value) return <Loading />;
  return (
    <div>
      <h2 id="databases">{t('statusDatabases')}</h2>
      <div className="dr-table-wrap" tabIndex={0} role="region" aria-labelledby="databases">
        <table className="dr-table">
          <thead>
            <tr>
              <th scope="col">{t('statusServices')}</th>
              <th scope="col">{t('statusEngine')}</th>
              <th scope="col">{t('statusSchema')}</th>
              <th scope="col">{t('statusRows')}</th>
            </tr>
          </thead>
          <tbody>
            {Object.entries(databases.value.services).map(([name, service]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>
                  {service.engine}{' '}
                  {!service.connected && <Label isCompact status="danger">{t('statusUnavailable')}</Label>}
                </td>
                <td>
                  {service.schemaVersion ?? '–'} ·{' '}
                  {(service.pending ?? []).length > 0
                    ? t('statusPending', { count: service.pending!.length })
                    : t('statusUpToDate')}
                </td>
                <td>{number((service.tables ?? []).reduce((sum, table) => sum + (table.rowCount ?? 0), 0))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
