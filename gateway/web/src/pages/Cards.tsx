// Character cards: dropped onto the page they become personas, and personas are taken away as cards.

import { Alert, AlertActionCloseButton } from '@patternfly/react-core';
import { useEffect, useRef, useState } from 'react';
import { newId, request } from '../api/client';
import type { Persona } from '../api/types';
import { useI18n } from '../i18n';
import { Field, FormDialog } from '../parts/Field';
import { FileButton } from '../parts/FileButton';
import { download, fileName } from '../parts/file';
import { useAction } from '../parts/load';
import { Failed } from '../parts/states';

interface Imported {
  persona: Persona;
  warnings?: string[];
}

// By its name: browsers know nothing of charx.
function typeOf(file: File) {
  if (/\.png$/i.test(file.name)) return 'image/png';
  return /\.(charx|zip)$/i.test(file.name) ? 'application/zip' : 'application/json';
}

export function CardImport({ onImported }: { onImported(): void }) {
  const { t } = useI18n();
  const [over, setOver] = useState(false);
  const [done, setDone] = useState<Imported[]>([]);
  const action = useAction();
  const take = (files: File[]) => {
    if (files.length === 0) return;
    void action.run(async () => {
      setDone([]);
      for (const file of files) {
        const imported = await request<Imported>('/api/personas/import', {
          method: 'POST',
          body: new Blob([file], { type: typeOf(file) }),
          headers: { 'Idempotency-Key': newId() },
        });
        setDone((done) => [...done, imported]);
        onImported();
      }
    });
  };
  const taking = useRef(take);
  taking.current = take;
  // Anywhere on the page: a card that misses a small field would be opened by the browser instead.
  useEffect(() => {
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    const enter = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(false);
      taking.current([...event.dataTransfer!.files]);
    };
    window.addEventListener('dragover', enter);
    window.addEventListener('dragleave', leave);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragover', enter);
      window.removeEventListener('dragleave', leave);
      window.removeEventListener('drop', drop);
    };
  }, []);
  return (
    <div className={over ? 'dr-drop dr-drop--over' : 'dr-drop'}>
      <p>{over ? t('cardDropNow') : t('cardDrop')}</p>
      <FileButton label={t('cardChoose')} accept=".json,.png,.charx" multiple busy={action.busy} onChosen={take} />
      {action.error !== undefined && <Failed error={action.error} />}
      {done.map(({ persona, warnings = [] }) => (
        <Alert
          key={persona.personaId}
          variant={warnings.length > 0 ? 'warning' : 'success'}
          isInline
          isLiveRegion
          component="p"
          title={t('cardImported', { name: persona.name })}
          actionClose={
            <AlertActionCloseButton
              aria-label={t('close')}
              onClose={() => setDone(done.filter((other) => other.persona.personaId !== persona.personaId))}
            />
          }
        >
          {warnings.length > 0 && (
            <ul>
              {warnings.map((warning, index) => (
                <li key={index}>{warning}</li>
              ))}
            </ul>
          )}
        </Alert>
      ))}
    </div>
  );
}

export function CardExport({ persona, onClose }: { persona: Persona; onClose(): void }) {
  const { t } = useI18n();
  const [format, setFormat] = useState('png');
  const [spec, setSpec] = useState('v3');
  const action = useAction();
  return (
    <FormDialog
      title={t('cardExportOf', { name: persona.name })}
      submit={t('cardExport')}
      ready
      busy={action.busy}
      error={action.error}
      onClose={onClose}
      onSubmit={() =>
        void action
          .run(() =>
            download(
              `/api/personas/${persona.personaId}/export?format=${format}&spec=${spec}`,
              fileName(persona.name, format),
            ),
          )
          .then((done) => done && onClose())
      }
    >
      <Field
        label={t('cardFormat')}
        value={format}
        onChange={setFormat}
        options={[
          { value: 'png', label: t('cardPng') },
          { value: 'json', label: 'JSON' },
          { value: 'charx', label: t('cardCharx') },
        ]}
      />
      <Field
        label={t('cardSpec')}
        value={spec}
        onChange={setSpec}
        options={[
          { value: 'v3', label: 'V3' },
          { value: 'v2', label: 'V2' },
        ]}
      />
    </FormDialog>
  );
}
