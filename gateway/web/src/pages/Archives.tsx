// Everything of the caller taken away as one file, and chats brought along from elsewhere.

import { Button, Label } from '@patternfly/react-core';
import { useEffect, useRef, useState } from 'react';
import { newId, request } from '../api/client';
import type { Export, Import, JobState } from '../api/types';
import { useI18n, type Key } from '../i18n';
import { download } from '../parts/file';
import { FileButton } from '../parts/FileButton';
import { useAction, useList } from '../parts/load';
import { Failed } from '../parts/states';

const stateKeys: Record<JobState, Key> = {
  queued: 'jobQueued',
  running: 'jobRunning',
  done: 'jobDone',
  failed: 'jobFailed',
};

export function Archives() {
  return (
    <>
      <Exports />
      <Imports />
    </>
  );
}

const ended = (job: { state: JobState }) => job.state === 'done' || job.state === 'failed';

// Reads a job again until it has ended.
function useJob<T extends { state: JobState }>(path: string | undefined, onRead: (job: T) => void) {
  const read = useRef(onRead);
  read.current = onRead;
  useEffect(() => {
    if (path === undefined) return undefined;
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const look = () => {
      request<T>(path, { signal: abort.signal })
        .then((job) => {
          read.current(job);
          if (!ended(job)) timer = setTimeout(look, 1000);
        })
        .catch(() => {
          if (!abort.signal.aborted) timer = setTimeout(look, 5000);
        });
    };
    timer = setTimeout(look, 300);
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [path]);
}

function Counts({ counts }: { counts?: Record<string, number> }) {
  const { number } = useI18n();
  const named = Object.entries(counts ?? {}).filter(([, count]) => count > 0);
  if (named.length === 0) return null;
  return <span>{named.map(([name, count]) => `${name}: ${number(count)}`).join(' · ')}</span>;
}

function Exports() {
  const { t, date } = useI18n();
  const [job, setJob] = useState<Export>();
  const action = useAction();
  const path = job && `/api/exports/${job.exportId}`;
  useJob<Export>(job && !ended(job) ? path : undefined, setJob);
  return (
    <section aria-labelledby="exports">
      <h2 id="exports">{t('exports')}</h2>
      <p>{t('exportsText')}</p>
      <Button
        variant="secondary"
        isDisabled={action.busy || (job !== undefined && !ended(job))}
        isLoading={job !== undefined && !ended(job)}
        onClick={() =>
          void action.run(async () =>
            setJob(
              await request<Export>('/api/exports', {
                method: 'POST',
                body: {},
                headers: { 'Idempotency-Key': newId() },
              }),
            ),
          )
        }
      >
        {t('exportBegin')}
      </Button>
      {job && (
        <p role="status">
          {t(stateKeys[job.state])} <Counts counts={job.counts} /> {job.problem}{' '}
          {job.state === 'done' && job.expireTime && t('exportUntil', { time: date(job.expireTime) })}
        </p>
      )}
      {job?.state === 'done' && (
        <Button onClick={() => void action.run(() => download(`${path}/archive`, 'dramatis.zip'))} isLoading={action.busy}>
          {t('exportDownload')}
        </Button>
      )}
      {action.error !== undefined && <Failed error={action.error} />}
    </section>
  );
}

function Imports() {
  const { t } = useI18n();
  const list = useList<Import>('/api/imports', 'imports');
  const [own, setOwn] = useState<Record<string, Import>>({});
  const sending = useAction();
  const take = (job: Import) => setOwn((own) => ({ ...own, [job.importId]: job }));
  const jobs = [
    ...Object.values(own).filter((job) => !list.items.some((listed) => listed.importId === job.importId)),
    ...list.items.map((job) => own[job.importId] ?? job),
  ].sort((a, b) => b.createTime.localeCompare(a.createTime));
  const send = (chosen: File) =>
    sending.run(async () => {
      const type = /\.(jsonl|ndjson)$/i.test(chosen.name) ? 'application/jsonl' : 'application/zip';
      take(
        await request<Import>('/api/imports', {
          method: 'POST',
          body: new Blob([chosen], { type }),
          headers: { 'Idempotency-Key': newId() },
        }),
      );
    });
  return (
    <section aria-labelledby="imports">
      <h2 id="imports">{t('imports')}</h2>
      <p>{t('importsText')}</p>
      <FileButton
        label={t('importChoose')}
        accept=".zip,.jsonl,.ndjson"
        busy={sending.busy}
        onChosen={([file]) => void send(file)}
      />
      {sending.error !== undefined && <Failed error={sending.error} />}
      {list.error !== undefined && <Failed error={list.error} onRetry={list.reload} />}
      <ul className="dr-cards">
        {jobs.map((job) => (
          <ImportJob key={job.importId} job={job} onRead={take} />
        ))}
      </ul>
    </section>
  );
}

function ImportJob({ job, onRead }: { job: Import; onRead(job: Import): void }) {
  const { t, date } = useI18n();
  useJob<Import>(ended(job) ? undefined : `/api/imports/${job.importId}`, onRead);
  return (
    <li className="dr-card">
      <div className="dr-card-head">
        <h3>{job.source ?? t('imports')}</h3>
        <Label isCompact status={job.state === 'failed' ? 'danger' : job.state === 'done' ? 'success' : 'info'}>
          {t(stateKeys[job.state])}
        </Label>
      </div>
      <div className="dr-card-foot">
        <Counts counts={job.counts} />
        <span>{date(job.createTime)}</span>
      </div>
      {job.problem && <p>{job.problem}</p>}
      {(job.leftOut ?? []).length > 0 && (
        <details>
          <summary>{t('importLeftOut', { count: job.leftOut!.length })}</summary>
          <ul>
            {job.leftOut!.map((left, index) => (
              <li key={index}>
                {left.item}: {left.reason}
              </li>
            ))}
          </ul>
        </details>
      )}
    </li>
  );
}
