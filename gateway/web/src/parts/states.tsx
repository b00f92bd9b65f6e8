// What is shown while there is nothing to show: loading, empty, wrong. Each says what to do.
import { Alert, Button, EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter, Spinner } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { ApiError } from '../api/client';
import { useI18n, type I18n, type Key } from '../i18n';

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

// What is refused, and what to do about it, of what the page's own words say better than the API's.
const refusals: Record<string, [what: Key, do_: Key]> = {
  ETAG_MISMATCH: ['errorChanged', 'errorChangedDo'],
  CONTEXT_TOO_LARGE: ['errorTooLong', 'errorTooLongDo'],
  TURN_IN_PROGRESS: ['errorInProgress', 'errorInProgressDo'],
  SESSION_ENDED: ['errorSessionEnded', 'errorSessionEndedDo'],
  CONVERSATION_CLOSED: ['roomClosed', 'errorRoomClosedDo'],
  ALREADY_ANSWERED: ['errorAnswered', 'errorAnsweredDo'],
  NOT_THE_LAST_REPLY: ['errorNotLast', 'errorNotLastDo'],
  BUDGET_EXCEEDED: ['errorBudget', 'errorBudgetDo'],
  SESSION_QUOTA_EXCEEDED: ['errorManyChats', 'errorManyChatsDo'],
  GOAL_QUOTA_EXCEEDED: ['errorManyGoals', 'errorManyGoalsDo'],
  MEMORY_QUOTA_EXCEEDED: ['errorManyMemories', 'errorManyMemoriesDo'],
  KEY_QUOTA_EXCEEDED: ['errorManyKeys', 'errorManyKeysDo'],
  SHARE_QUOTA_EXCEEDED: ['errorManyShares', 'errorManySharesDo'],
  GOAL_TITLE_TAKEN: ['errorGoalTaken', 'errorTakenDo'],
  PERSONA_NAME_TAKEN: ['errorPersonaTaken', 'errorTakenDo'],
  PERSONA_IN_USE: ['errorPersonaInUse', 'errorPersonaInUseDo'],
  PERSONA_TYPE_RESTRICTED: ['errorPersonaRestricted', 'errorPersonaRestrictedDo'],
  BODY_TOO_LARGE: ['errorTooLarge', 'errorTooLargeDo'],
  OVERLOADED: ['errorOverloaded', 'errorOverloadedDo'],
};

// Why a persona could not answer, as the end of a sentence; nothing where only its code is known.
export function failureKey(code: string): Key | undefined {
  if (code.startsWith('PROVIDER_')) return 'failedProvider';
  if (code === 'BUDGET_EXCEEDED') return 'failedBudget';
  if (code === 'CONTEXT_TOO_LARGE') return 'failedTooLong';
  return undefined;
}

// What is wrong, and what to do about it.
export function explain(error: ApiError, t: I18n['t']): { what: string; what_to_do: string } {
  const says = t('errorDetail', { detail: error.message });
  const refusal = refusals[error.code];
  if (refusal) return { what: t(refusal[0]), what_to_do: t(refusal[1]) };
  switch (error.code) {
    case 'NO_CONNECTION':
      return { what: t('errorNoConnection'), what_to_do: t('errorNoConnectionDo') };
    case 'SIGN_IN_NOT_BEGUN_HERE':
      return { what: t('errorSignInElsewhere'), what_to_do: '' };
    case 'SIGN_IN_REFUSED':
      return { what: t('errorSignInRefused'), what_to_do: says };
    case 'NO_BOOK':
      return { what: t('loreNoBook'), what_to_do: '' };
    case 'SIGN_OUT_NOT_TOLD':
      return { what: t('errorSignOut'), what_to_do: t('errorSignOutDo') };
    case 'PROVIDER_FAILED':
    case 'PROVIDER_TIMEOUT':
    case 'PROVIDER_UNAUTHORIZED':
      return { what: t('errorProvider', { detail: error.message }), what_to_do: t('errorProviderDo') };
  }
  if (error.errors.length > 0) {
    return {
      what: t('errorInvalid'),
      what_to_do: error.errors.map(({ field, message }) => `${field}: ${message}`).join('; '),
    };
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
  return { what: t('errorRefused'), what_to_do: says };
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
