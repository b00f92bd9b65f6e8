import { Avatar } from '@patternfly/react-core';
import { useAvatar } from './useAvatar';

// Beside its name, and so without words of its own.
export function PersonaAvatar({ persona, size }: { persona: { personaId: string; name: string }; size: 'sm' | 'md' }) {
  return <Avatar src={useAvatar(persona.personaId, persona.name)} alt="" size={size} />;
}
