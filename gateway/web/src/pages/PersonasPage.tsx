import { Button, Checkbox, FormGroup, Label } from '@patternfly/react-core';
import { useId, useState } from 'react';
import { request } from '../api/client';
import { useRoute } from '../api/routes';
import type { AiStatus, Persona } from '../api/types';
import { href } from '../app/route';
import { useI18n } from '../i18n';
import { CardExport, CardImport } from './Cards';
import { ConfirmDelete } from '../parts/ConfirmDelete';
import { Field, FormDialog } from '../parts/Field';
import { ListStates } from '../parts/ListStates';
import { useAction, useList, useLoad, useSettled } from '../parts/load';
import { PageFrame } from '../parts/PageFrame';
import { PersonaAvatar } from '../parts/PersonaAvatar';
import { SearchField } from '../parts/SearchField';
import { Failed, Loading } from '../parts/states';
import { filled, TextListField } from '../parts/TextListField';

export default function PersonasPage() {
  const { t } = useI18n();
  const [words, setWords] = useState('');
  const q = useSettled(words.trim());
  const list = useList<Persona>('/api/personas', 'personas', { q, view: 'basic' });
  const ai = useLoad<AiStatus>('/api/ai/status');
  const [editing, setEditing] = useState<Persona | 'new'>();
  const [deleting, setDeleting] = useState<Persona>();
  const [exporting, setExporting] = useState<Persona>();
  return (
    <PageFrame
      title={t('personas')}
      text={t('personasText')}
      action={<Button onClick={() => setEditing('new')}>{t('newPersona')}</Button>}
    >
      <CardImport onImported={list.reload} />
      <div className="dr-toolbar">
        <SearchField label={t('personaSearch')} value={words} onChange={setWords} />
      </div>
      <ListStates
        list={list}
        empty={q ? { title: t('noMatches'), text: t('noMatchesDo') } : { title: t('noPersonas'), text: t('noPersonasDo') }}
      >
        <ul className="dr-cards">
          {list.items.map((persona) => (
            <li key={persona.personaId} className="dr-card">
              <div className="dr-card-head">
                <h2>
                  <PersonaAvatar persona={persona} size="sm" /> {persona.name}
                </h2>
                {persona.type === 'human' && <Label isCompact>{t('personaHuman')}</Label>}
              </div>
              {persona.description && <p>{persona.description}</p>}
              <div className="dr-card-foot">
                {persona.type !== 'human' && (
                  <a href={`${href('chat')}?persona=${encodeURIComponent(persona.personaId)}`}>
                    {t('personaChat', { name: persona.name })}
                  </a>
                )}
                {/* Only its owner and admins are told whose it is. */}
                {persona.ownerId !== undefined && persona.ownerId !== 'system' && (
                  <>
                    <Button
                      variant="link"
                      isInline
                      aria-label={t('personaOpen', { name: persona.name })}
                      onClick={() => setEditing(persona)}
                    >
                      {t('edit')}
                    </Button>
                    <Button
                      variant="link"
                      isInline
                      aria-label={t('cardExportOf', { name: persona.name })}
                      onClick={() => setExporting(persona)}
                    >
                      {t('cardExport')}
                    </Button>
                    {persona.type !== 'human' && (
                      <a href={href('lore', persona.personaId)} aria-label={t('loreOf', { name: persona.name })}>
                        {t('lore')}
                      </a>
                    )}
                    <Button
                      variant="link"
                      isInline
                      isDanger
                      onClick={() => setDeleting(persona)}
                    >
                      {t('delete')}
                    </Button>
                  </>
                )}
              </div>
            </li>
          ))}
        </ul>
      </ListStates>
      {exporting && <CardExport persona={exporting} onClose={() => setExporting(undefined)} />}
      {editing !== undefined && (
        <EditPersona
          personaId={editing === 'new' ? undefined : editing.personaId}
          ai={ai.value}
          onClose={() => setEditing(undefined)}
          onSaved={() => {
            setEditing(undefined);
            list.reload();
          }}
        />
      )}
      {deleting && (
        <ConfirmDelete
          title={t('delete')}
          text={t('personaDeleteSure', { name: deleting.name })}
          path={`/api/personas/${deleting.personaId}`}
          onClose={() => setDeleting(undefined)}
          onDeleted={() => {
            setDeleting(undefined);
            list.reload();
          }}
        />
      )}
    </PageFrame>
  );
}

// With the texts, which the list is without.
function EditPersona(props: { personaId?: string; ai?: AiStatus; onClose(): void; onSaved(): void }) {
  const { personaId, ...rest } = props;
  const persona = useLoad<Persona>(personaId && `/api/personas/${personaId}`);
  if (personaId === undefined) return <PersonaDialog {...rest} />;
  if (persona.error !== undefined) return <Failed error={persona.error} onRetry={persona.reload} />;
  return persona.value ? <PersonaDialog {...rest} persona={persona.value} /> : <Loading />;
}

function PersonaDialog(props: { persona?: Persona; ai?: AiStatus; onClose(): void; onSaved(): void }) {
  const { t } = useI18n();
  const { persona } = props;
  const [name, setName] = useState(persona?.name ?? '');
  const [description, setDescription] = useState(persona?.description ?? '');
  const [biography, setBiography] = useState(persona?.biography ?? '');
  const [instructions, setInstructions] = useState(persona?.systemPrompt ?? '');
  const [greeting, setGreeting] = useState(persona?.greeting ?? '');
  const [greetings, setGreetings] = useState(persona?.alternateGreetings ?? []);
  const [groupGreetings, setGroupGreetings] = useState(persona?.groupOnlyGreetings ?? []);
  const [model, setModel] = useState(persona?.modelConfig?.model ?? '');
  const [isPublic, setPublic] = useState(persona?.isPublic ?? false);
  const publicId = useId();
  const [picture, setPicture] = useState<File>();
  const hasPictures = useRoute('/api/personas/{personaId}/avatar');
  const pictureId = useId();
  const saving = useAction();
  const models = (props.ai?.providers ?? []).flatMap((provider) =>
    provider.models.map((name) => `${provider.name}/${name}`),
  );
  if (model && !models.includes(model)) models.push(model);
  const save = async () => {
    const saved = await saveTexts();
    if (!picture) return;
    await request(`/api/personas/${saved.personaId}/avatar`, { method: 'PUT', body: picture });
  };
  const saveTexts = (): Promise<Persona> => {
    const body = {
      name,
      description,
      biography,
      systemPrompt: instructions,
      greeting,
      alternateGreetings: filled(greetings),
      groupOnlyGreetings: filled(groupGreetings),
      isPublic,
      ...(model || persona?.modelConfig?.model ? { modelConfig: { ...persona?.modelConfig, model } } : {}),
    };
    if (!persona) return request('/api/personas', { method: 'POST', body: { ...body, type: 'ai_agent' } });
    return request(`/api/personas/${persona.personaId}`, {
      method: 'PATCH',
      body,
      headers: persona.etag ? { 'If-Match': `"${persona.etag}"` } : {},
    });
  };
  return (
    <FormDialog
      title={persona ? t('personaOpen', { name: persona.name }) : t('newPersona')}
      submit={persona ? t('save') : t('personaCreate')}
      ready={[...name.trim()].length >= 2}
      busy={saving.busy}
      error={saving.error}
      onClose={props.onClose}
      onSubmit={() => void saving.run(save).then((done) => done && props.onSaved())}
    >
      <Field label={t('personaName')} value={name} onChange={setName} maxLength={100} required />
      <Field label={t('personaDescription')} value={description} onChange={setDescription} maxLength={1000} />
      <Field
        label={t('personaBiography')}
        value={biography}
        onChange={setBiography}
        rows={8}
        help={t('personaBiographyHelp')}
      />
      <Field label={t('personaInstructions')} value={instructions} onChange={setInstructions} rows={3} />
      <Field label={t('personaGreeting')} value={greeting} onChange={setGreeting} rows={2} maxLength={8000} />
      <TextListField label={t('personaGreetings')} values={greetings} onChange={setGreetings} most={20} />
      <TextListField
        label={t('personaGroupGreetings')}
        values={groupGreetings}
        onChange={setGroupGreetings}
        help={t('personaGroupGreetingsHelp')}
        most={20}
      />
      <Field
        label={t('personaModel')}
        value={model}
        onChange={setModel}
        options={[
          { value: '', label: t('personaModelDefault', { model: props.ai?.defaultModel ?? '…' }) },
          ...models.map((value) => ({ value, label: value })),
        ]}
      />
      {hasPictures && persona && (
        <FormGroup label={t('personaPicture')} fieldId={pictureId}>
          <input
            id={pictureId}
            type="file"
            accept="image/png,image/jpeg,image/webp"
            onChange={(event) => setPicture(event.target.files?.[0])}
          />
        </FormGroup>
      )}
      <Checkbox
        id={publicId}
        label={t('personaPublic')}
        isChecked={isPublic}
        onChange={(_event, checked) => setPublic(checked)}
      />
    </FormDialog>
  );
}
