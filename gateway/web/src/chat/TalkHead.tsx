import { Avatar, Button, Label } from '@patternfly/react-core';
import { ListIcon } from '@patternfly/react-icons/dist/esm/icons/list-icon';
import { ShareAltIcon } from '@patternfly/react-icons/dist/esm/icons/share-alt-icon';
import { TrashIcon } from '@patternfly/react-icons/dist/esm/icons/trash-icon';
import { lazy, Suspense, useState } from 'react';
import { request } from '../api/client';
import { useI18n } from '../i18n';
import { ConfirmDelete } from '../parts/ConfirmDelete';
import { useAction } from '../parts/load';
import { Failed } from '../parts/states';

const Share = lazy(() => import('./Share').then(({ Share }) => ({ default: Share })));

// Above a session: who it is with, and what can be done with it whole.
export function TalkHead(props: {
  name: string;
  avatar?: string;
  sessionId?: string;
  // Nothing of it is kept once it ends.
  temporary: boolean;
  listShown: boolean;
  onToggleList(): void;
  onDeleted(): void;
}) {
  const { t } = useI18n();
  const [asking, setAsking] = useState(false);
  const [sharing, setSharing] = useState(false);
  const ending = useAction();
  return (
    <div className="dr-talk-head">
      <Button
        className="dr-list-toggle"
        variant="plain"
        icon={<ListIcon />}
        aria-label={props.listShown ? t('hideChats') : t('showChats')}
        aria-expanded={props.listShown}
        onClick={props.onToggleList}
      />
      {props.avatar && <Avatar src={props.avatar} alt="" size="sm" />}
      <h1>{props.name}</h1>
      {props.temporary && (
        <>
          <Label isCompact status="info">
            {t('temporary')}
          </Label>
          <Button
            variant="link"
            isLoading={ending.busy}
            isDisabled={ending.busy}
            onClick={() =>
              void ending
                .run(() => request(`/api/session/${encodeURIComponent(props.sessionId!)}`, { method: 'DELETE' }))
                .then((done) => done && props.onDeleted())
            }
          >
            {t('temporaryEnd')}
          </Button>
        </>
      )}
      {props.sessionId !== undefined && !props.temporary && (
        <Button variant="plain" icon={<ShareAltIcon />} aria-label={t('share')} onClick={() => setSharing(true)} />
      )}
      {ending.error !== undefined && <Failed error={ending.error} />}
      {sharing && (
        <Suspense>
          <Share sessionId={props.sessionId!} onClose={() => setSharing(false)} />
        </Suspense>
      )}
      {props.sessionId !== undefined && (
        <Button variant="plain" icon={<TrashIcon />} aria-label={t('deleteChat')} onClick={() => setAsking(true)} />
      )}
      {asking && (
        <ConfirmDelete
          title={t('deleteChat')}
          text={t('deleteChatSure')}
          path={`/api/history/${encodeURIComponent(props.sessionId!)}`}
          onClose={() => setAsking(false)}
          onDeleted={props.onDeleted}
        />
      )}
    </div>
  );
}
