import { Avatar } from '@patternfly/react-core';
import { useAvatar, type Face } from './useAvatar';

// Beside its name, and so without words of its own.
export function PersonaAvatar({ persona, size }: { persona: Face; size: 'sm' | 'md' }) {
  return <Avatar src={useAvatar(persona)} alt="" size={size} />;
}
