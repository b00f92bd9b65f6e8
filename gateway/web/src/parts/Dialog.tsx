import { Button, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useI18n } from '../i18n';
import { CloseName } from './CloseName';

// Something shown that is closed again, and nothing else.
export function Dialog(props: { title: string; onClose(): void; children: ReactNode }) {
  const { t } = useI18n();
  return (
    <Modal variant="medium" isOpen onClose={props.onClose} aria-label={props.title}>
      <CloseName />
      <ModalHeader title={props.title} />
      <ModalBody>{props.children}</ModalBody>
      <ModalFooter>
        <Button variant="link" onClick={props.onClose}>
          {t('close')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
