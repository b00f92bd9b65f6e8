// A chat that somebody shares: read without an account, and only read.

import Chatbot, { ChatbotDisplayMode } from '@patternfly/chatbot/dist/dynamic/Chatbot';
import { ChatbotContent } from '@patternfly/chatbot/dist/dynamic/ChatbotContent';
import { useMemo } from 'react';
import { ApiError } from '../api/client';
import type { SharedConversation, SharedMessage } from '../api/types';
import { MessageList } from '../chat/MessageList';
import { copyAction, Said } from '../chat/Said';
import { useI18n } from '../i18n';
import { useLoad } from '../parts/load';
import { Empty, Failed, Loading } from '../parts/states';

const sequenceOf = (message: SharedMessage) => message.sequence;
const keyOf = (message: SharedMessage) => String(message.sequence);

export default function SharedPage({ token }: { token?: string }) {
  const { t, date } = useI18n();
  const shared = useLoad<SharedConversation>(`/api/shared/${encodeURIComponent(token ?? '-')}`);
  const name = shared.value?.persona_name ?? t('persona');
  const render = useMemo(
    () =>
      function render(message: SharedMessage) {
        const mine = message.role === 'user';
        return (
          <Said
            mine={mine}
            name={mine ? t('sharedUser') : name}
            content={message.content}
            time={message.timestamp}
            actions={copyAction(message.content, t('copy'), t('copied'))}
          />
        );
      },
    [name, t],
  );
  if (shared.error instanceof ApiError && shared.error.status === 404) {
    return <Empty title={t('sharedGone')} text={t('sharedGoneText')} />;
  }
  if (shared.error !== undefined) return <Failed error={shared.error} onRetry={shared.reload} />;
  if (!shared.value) return <Loading />;
  return (
    <div className="dr-talk">
      <Chatbot displayMode={ChatbotDisplayMode.embedded} ariaLabel={shared.value.title || name}>
        <div className="dr-talk-head">
          <h1>{shared.value.title || name}</h1>
          <span>{t('sharedAt', { name, time: date(shared.value.created_at) })}</span>
        </div>
        <ChatbotContent>
          <MessageList
            items={shared.value.messages}
            sequenceOf={sequenceOf}
            keyOf={keyOf}
            render={render}
            hasOlder={false}
            loadingOlder={false}
            onOlder={() => undefined}
            growing={false}
          />
        </ChatbotContent>
      </Chatbot>
    </div>
  );
}
