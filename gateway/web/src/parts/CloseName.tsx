import { useLayoutEffect, useRef } from 'react';
import { useI18n } from '../i18n';

// In a dialog: names its button for closing, which the library does in English only.
export function CloseName() {
  const { t } = useI18n();
  const place = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    place.current
      ?.closest('.pf-v6-c-modal-box')
      ?.querySelector('.pf-v6-c-modal-box__close button')
      ?.setAttribute('aria-label', t('close'));
  }, [t]);
  return <span ref={place} hidden />;
}
