import { Button } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useI18n } from '../i18n';
import type { List } from './load';
import { Empty, Failed, Loading } from './states';

// A list with its states: loading, wrong, empty, more to come.
export function ListStates<T>(props: {
  list: List<T>;
  empty: { title: string; text: string };
  children: ReactNode;
}) {
  const { t } = useI18n();
  const { list } = props;
  return (
    <>
      {list.error !== undefined && <Failed error={list.error} onRetry={list.reload} />}
      {list.items.length > 0 && props.children}
      {list.loading && list.items.length === 0 && <Loading />}
      {!list.loading && list.error === undefined && list.items.length === 0 && <Empty {...props.empty} />}
      {list.hasMore && (
        <Button variant="link" onClick={list.more} isLoading={list.loading} isDisabled={list.loading}>
          {t('more')}
        </Button>
      )}
    </>
  );
}
