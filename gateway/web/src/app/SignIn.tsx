// Where the API does not know who asks: at the identity provider, or with a key or an access token.
// What is got is kept in the memory of the page and nowhere else.

import { Button, Form } from '@patternfly/react-core';
import { useEffect, useState, type FormEvent } from 'react';
import { request, setIdentity } from '../api/client';
import { leaveToSignIn, mayBeSignedIn, type AuthConfig } from '../api/signIn';
import { useI18n } from '../i18n';
import { Field } from '../parts/Field';
import { useAction, useLoad } from '../parts/load';
import { Failed, Loading } from '../parts/states';

// `error`: why the way back from the provider led nowhere.
export default function SignIn({ error, onSignedIn }: { error?: unknown; onSignedIn(): void }) {
  const { t } = useI18n();
  const config = useLoad<AuthConfig>('/api/auth/config');
  // Signed in before a reload: the provider knows it still, most likely.
  const [silent] = useState(mayBeSignedIn);
  const leaving = useAction();
  const { run } = leaving;
  const provider = config.value?.methods.includes('oidc') ? config.value : undefined;
  useEffect(() => {
    if (provider && silent) void run(() => leaveToSignIn(provider, true));
  }, [provider, silent, run]);
  if (silent && config.error === undefined && leaving.error === undefined && (config.loading || provider)) return <Loading />;
  return (
    <div className="dr-page dr-sign-in">
      <h1>{t('signIn')}</h1>
      <p>{t('signInText')}</p>
      {error !== undefined && <Failed error={error} />}
      {leaving.error !== undefined && <Failed error={leaving.error} />}
      {config.error !== undefined && <Failed error={config.error} onRetry={config.reload} />}
      {config.loading && <Loading />}
      {provider && (
        <div>
          <Button size="lg" isLoading={leaving.busy} onClick={() => void run(() => leaveToSignIn(provider))}>
            {t('signInAt', { provider: new URL(provider.issuer!).host })}
          </Button>
          <h2>{t('signInOrKey')}</h2>
        </div>
      )}
      <WithKey secondary={provider !== undefined} onSignedIn={onSignedIn} />
    </div>
  );
}

function WithKey({ secondary, onSignedIn }: { secondary: boolean; onSignedIn(): void }) {
  const { t } = useI18n();
  const [key, setKey] = useState('');
  const trying = useAction();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void trying
      .run(async () => {
        setIdentity({ token: key.trim() });
        try {
          await request('/api/ai/status');
        } catch (error) {
          setIdentity(undefined);
          throw error;
        }
      })
      .then((done) => done && onSignedIn());
  };
  return (
    <Form onSubmit={submit}>
      <Field label={t('keyLabel')} value={key} onChange={setKey} type="password" help={t('signInKeyHelp')} required />
      {trying.error !== undefined && <Failed error={trying.error} />}
      <div>
        <Button
          type="submit"
          variant={secondary ? 'secondary' : 'primary'}
          isDisabled={!/^[\x21-\x7e]+$/.test(key.trim()) || trying.busy}
          isLoading={trying.busy}
        >
          {t('signIn')}
        </Button>
      </div>
    </Form>
  );
}
