// What is shown while there is nothing to show: loading, empty, wrong. Each says what to do.
import { Alert, Button, EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter, Spinner } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { ApiError } from '../api/client';
import { useI18n, type I18n } from '../i18n';

export function Loading() {
  const { t } = useI18n();
  return (
    <div className="dr-center" role="status">
      <Spinner size="lg" aria-label={t('loading')} />
    </div>
  );
}

export function Empty({ title, text, children }: { title: string; text: string; children?: ReactNode }) {
  return (
    <EmptyState titleText={title} headingLevel="h2" variant="sm">
      <EmptyStateBody>{text}</EmptyStateBody>
      {children && (
        <EmptyStateFooter>
          <EmptyStateActions>{children}</EmptyStateActions>
        </EmptyStateFooter>
      )}
    </EmptyState>
  );
}

// What is wrong, and what to do about it.
export function explain(error: ApiError, t: I18n['t']): { what: string; what_to_do: string } {
  const says = t('errorDetail', { detail: error.message });
  switch (error.code) {
    case 'NO_CONNECTION':
      return { what: t('errorNoConnection'), what_to_do: t('errorNoConnectionDo') };
    case 'SIGN_IN_NOT_BEGUN_HERE':
      return { what: t('errorSignInElsewhere'), what_to_do: '' };
    case 'SIGN_IN_REFUSED':
      return { what: t('errorSignInRefused'), what_to_do: says };
    case 'SIGN_OUT_NOT_TOLD':
      return { what: t('errorSignOut'), what_to_do: t('errorSignOutDo') };
    case 'ETAG_MISMATCH':
      return { what: t('errorChanged'), what_to_do: t('errorChangedDo') };
    case 'CONTEXT_TOO_LARGE':
      return { what: t('errorTooLong'), what_to_do: t('errorTooLongDo') };
    case 'TURN_IN_PROGRESS':
      return { what: t('errorInProgress'), what_to_do: t('errorInProgressDo') };
    case 'SESSION_ENDED':
      return { what: t('errorSessionEnded'), what_to_do: t('errorSessionEndedDo') };
    case 'PROVIDER_FAILED':
    case 'PROVIDER_TIMEOUT':
    case 'PROVIDER_UNAUTHORIZED':
      return { what: t('errorProvider', { detail: error.message }), what_to_do: t('errorProviderDo') };
  }
  if (error.errors.length > 0) {
    return { what: error.errors.map(({ field, message }) => `${field}: ${message}`).join('; '), what_to_do: '' };
  }
  switch (error.status) {
    case 401:
      return { what: t('errorSignedOut'), what_to_do: '' };
    case 403:
      return { what: t('errorForbidden'), what_to_do: says };
    case 404:
      return { what: t('errorNotFound'), what_to_do: says };
    case 429:
      return {
        what: `${t('errorTooMany')} ${error.message}`,
        what_to_do: error.retryAfterSeconds ? t('errorRetryIn', { seconds: error.retryAfterSeconds }) : '',
      };
  }
  if (error.status >= 500) return { what: t('errorServer'), what_to_do: `${says} ${t('errorServerDo')}` };
  return { what: error.message, what_to_do: '' };
}

export function Failed({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useI18n();
  const known = error instanceof ApiError ? error : new ApiError(0, 'INTERNAL', String(error));
  const { what, what_to_do } = explain(known, t);
  return (
    <Alert
      className="dr-failed"
      variant="danger"
      isInline
      component="p"
      isLiveRegion
      title={what}
      actionLinks={
        onRetry && (
          <Button variant="link" isInline onClick={onRetry}>
            {t('tryAgain')}
          </Button>
        )
      }
    >
      {what_to_do}
    </Alert>
  );
}
