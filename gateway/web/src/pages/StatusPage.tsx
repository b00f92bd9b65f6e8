import { Alert, Label } from '@patternfly/react-core';
import { ApiError } from '../api/client';
import type { AiStatus } from '../api/types';
import { useI18n } from '../i18n';
import { useLoad } from '../parts/load';
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
