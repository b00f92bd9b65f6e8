// One thing said, as everybody sees it: Markdown of a model, rendered without trust; the plain text
// of a human.

import Message from '@patternfly/chatbot/dist/dynamic/Message';
import { useI18n } from '../i18n';
import { withoutPictures } from '../parts/markdown';
import { useAvatar } from '../parts/useAvatar';
import type { SaidProps } from './Said';

export function SaidRendered(props: SaidProps) {
  const { t, date } = useI18n();
  const picture = useAvatar(props.face ?? { personaId: '', name: props.name });
  const time = props.time ? date(props.time) : '';
  const label = props.mine ? t('messageFromYou', { time }) : t('messageFrom', { name: props.name, time });
  return (
    <Message
      id={props.id}
      aria-label={label}
      role={props.mine ? 'user' : 'bot'}
      name={props.name}
      avatar={props.avatar ?? picture}
      timestamp={time || ' '}
      content={props.content}
      isMarkdownDisabled={props.mine || props.plain}
      isLoading={props.thinking}
      loadingWord={t('thinking', { name: props.name })}
      botWord={props.badge ?? t('ai')}
      isLiveRegion={false}
      codeBlockProps={{ 'aria-label': t('copyCode') }}
      tableProps={{ 'aria-label': props.name }}
      linkProps={{ rel: 'noopener noreferrer nofollow' } as never}
      additionalRemarkPlugins={[withoutPictures((text) => t('image', { text }))]}
      actions={props.thinking ? undefined : (props.actions as never)}
      extraContent={props.note ? { afterMainContent: props.note } : undefined}
    />
  );
}
