import { Button, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useI18n } from '../i18n';
import { CloseName } from './CloseName';
import { Failed } from './states';

// Asks before something is done that cannot be taken back.
export function Confirm(props: {
  title: string;
  text: string;
  busy?: boolean;
  error?: unknown;
  onRetry?(): void;
  onConfirm(): void;
  onClose(): void;
}) {
  const { t } = useI18n();
  return (
    <Modal variant="small" isOpen onClose={props.onClose} aria-label={props.title}>
      <CloseName />
      <ModalHeader title={props.title} />
      <ModalBody>
        <p>{props.text}</p>
        {props.error !== undefined && <Failed error={props.error} onRetry={props.onRetry} />}
      </ModalBody>
      <ModalFooter>
        <Button variant="danger" onClick={props.onConfirm} isDisabled={props.busy} isLoading={props.busy}>
          {props.title}
        </Button>
        <Button variant="link" onClick={props.onClose}>
          {t('cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
