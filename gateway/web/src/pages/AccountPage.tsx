import { Alert, Button } from '@patternfly/react-core';
import { useState } from 'react';
import { request } from '../api/client';
import { useRoute } from '../api/routes';
import { signOut } from '../api/signIn';
import type { Profile } from '../api/types';
import { useI18n } from '../i18n';
import { Field, FormDialog } from '../parts/Field';
import { useAction, useLoad } from '../parts/load';
import { PageFrame } from '../parts/PageFrame';
import { Failed, Loading } from '../parts/states';
import { Archives } from './Archives';
import { Keys } from './Keys';

export default function AccountPage() {
  const { t } = useI18n();
  const profile = useLoad<Profile>('/api/profile');
  const exports = useRoute('/api/exports');
  const [deleted, setDeleted] = useState(false);
  if (deleted) {
    return (
      <PageFrame title={t('account')} text={t('accountDeleted')}>
        <p>{t('accountDeletedText')}</p>
      </PageFrame>
    );
  }
  return (
    <PageFrame title={t('account')} text={t('accountText')}>
      {profile.error !== undefined && <Failed error={profile.error} onRetry={profile.reload} />}
      {profile.loading && !profile.value && <Loading />}
      {profile.value && <ProfileForm key={profile.value.etag} profile={profile.value} onSaved={profile.reload} />}
      <Keys />
      {exports && <Archives />}
      {profile.value && (
        <Deletion
          userId={profile.value.userId}
          onDeleted={() => {
            setDeleted(true);
            // What it could not be told of ends by itself.
            signOut(false).catch(() => undefined);
          }}
        />
      )}
    </PageFrame>
  );
}

function ProfileForm({ profile, onSaved }: { profile: Profile; onSaved(): void }) {
  const { t } = useI18n();
  const [name, setName] = useState(profile.displayName ?? '');
  const saving = useAction();
  return (
    <section aria-labelledby="profile">
      <h2 id="profile">{t('profile')}</h2>
      <p>
        {t('profileId')} <code>{profile.userId}</code>
      </p>
      <form
        className="dr-inline-form"
        onSubmit={(event) => {
          event.preventDefault();
          void saving
            .run(() => request('/api/profile', { method: 'PUT', body: { displayName: name.trim() } }))
            .then((done) => done && onSaved());
        }}
      >
        <Field label={t('profileName')} value={name} onChange={setName} maxLength={30} help={t('profileNameHelp')} />
        <Button
          type="submit"
          variant="secondary"
          isLoading={saving.busy}
          isDisabled={saving.busy || [...name.trim()].length < 2 || name.trim() === profile.displayName}
        >
          {t('save')}
        </Button>
      </form>
      {saving.error !== undefined && <Failed error={saving.error} />}
    </section>
  );
}

function Deletion({ userId, onDeleted }: { userId: string; onDeleted(): void }) {
  const { t } = useI18n();
  const [asking, setAsking] = useState(false);
  const [typed, setTyped] = useState('');
  const deletion = useAction();
  return (
    <section aria-labelledby="deletion">
      <h2 id="deletion">{t('accountDelete')}</h2>
      <p>{t('accountDeleteText')}</p>
      <Button variant="danger" onClick={() => setAsking(true)}>
        {t('accountDelete')}
      </Button>
      {asking && (
        <FormDialog
          title={t('accountDelete')}
          submit={t('accountDeleteNow')}
          ready={typed === userId}
          busy={deletion.busy}
          error={deletion.error}
          onClose={() => setAsking(false)}
          onSubmit={() =>
            void deletion
              .run(() => request('/api/account', { method: 'DELETE', body: { confirm: typed } }))
              .then((done) => done && onDeleted())
          }
        >
          <Alert variant="danger" isInline component="p" title={t('accountDeleteSure')} />
          <Field label={t('accountDeleteType', { id: userId })} value={typed} onChange={setTyped} required />
        </FormDialog>
      )}
    </section>
  );
}
