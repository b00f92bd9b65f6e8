// The shapes of docs/routes.md that the page reads; what it does not read is left out.

export interface Page {
  nextPageToken?: string;
}

export interface Persona {
  personaId: string;
  name: string;
  type: 'human' | 'ai_agent' | 'ai_ambiguous' | 'unknown';
  description?: string;
  biography?: string;
  systemPrompt?: string;
  greeting?: string;
  alternateGreetings?: string[];
  groupOnlyGreetings?: string[];
  nickname?: string;
  modelConfig?: { model?: string };
  isPublic?: boolean;
  ownerId?: string;
  etag?: string;
  // Unset where it has no picture.
  avatarEtag?: string;
}

export type LoreLogic = 'any' | 'all' | 'not_any' | 'not_all';
export type LorePosition = 'before_char' | 'after_char' | 'at_depth';

export interface LoreEntry {
  entryId?: string;
  keys?: string[];
  secondaryKeys?: string[];
  secondaryLogic?: LoreLogic;
  excludeKeys?: string[];
  content: string;
  constant?: boolean;
  useRegex?: boolean;
  caseSensitive?: boolean;
  wholeWords?: boolean;
  enabled?: boolean;
  position?: LorePosition;
  depth?: number;
  role?: 'user' | 'assistant';
  insertionOrder?: number;
  priority?: number;
  scanDepth?: number;
  sticky?: number;
  cooldown?: number;
  delay?: number;
  probability?: number;
  preventRecursion?: boolean;
  excludeRecursion?: boolean;
  delayUntilRecursion?: boolean;
  name?: string;
  comment?: string;
}

export interface Lore {
  personaId?: string;
  name?: string;
  description?: string;
  scanDepth?: number;
  tokenBudget?: number;
  recursiveScanning?: boolean;
  entries?: LoreEntry[];
  etag?: string;
}

export interface Profile {
  userId: string;
  displayName?: string;
  etag?: string;
}

export interface ApiKey {
  keyId: string;
  name: string;
  scopes: ('chat' | 'personas_read' | 'personas_write' | 'memory' | 'admin')[];
  prefix: string;
  lastFour: string;
  secret?: string;
  expiresAt?: string;
  lastUsedAt?: string;
  requestsPerMinute?: number;
  monthlyBudgetMicros?: number;
}

export interface Share {
  share_id: string;
  url?: string;
  created_at: string;
  expires_at?: string;
}

export interface SharedMessage {
  role: 'user' | 'assistant';
  content: string;
  timestamp: string;
  sequence: number;
}

export interface SharedConversation {
  title?: string;
  persona_name?: string;
  created_at: string;
  messages: SharedMessage[];
}

export type JobState = 'queued' | 'running' | 'done' | 'failed';

export interface Export {
  exportId: string;
  state: JobState;
  counts?: Record<string, number>;
  expireTime?: string;
  problem?: string;
}

export interface Import {
  importId: string;
  state: JobState;
  source?: string;
  counts?: Record<string, number>;
  leftOut?: { item: string; reason: string }[];
  createTime: string;
  problem?: string;
}

export interface Usage {
  input_tokens?: number;
  output_tokens?: number;
  cost_micros?: number;
}

export interface Message {
  message_id: string;
  role: 'user' | 'assistant';
  content: string;
  timestamp: string;
  sequence: number;
  metadata?: Record<string, string>;
}

export interface Session {
  session_id: string;
  status: 'active' | 'ended' | 'expired';
  persona_id?: string;
  persona_name?: string;
  title?: string;
  message_count?: number;
  temporary?: boolean;
}

export interface SearchMatch {
  field?: string;
  snippet?: string;
  text?: string;
}

export interface SessionSummary {
  session_id: string;
  title: string;
  updated_at: string;
  message_count: number;
  last_message_preview?: string;
  status: 'active' | 'ended' | 'expired';
  persona_id?: string;
}

export interface ChatDone {
  response: string;
  session_id: string;
  turn_id: string;
  message_id: string;
  user_message_id: string;
  timestamp: string;
  model?: string;
  finish_reason?: string;
  usage?: Usage;
  metadata?: Record<string, string>;
}

export interface Turn {
  turn_id: string;
  session_id?: string;
  state: 'pending' | 'running' | 'done' | 'failed' | 'cancelled';
  text?: string;
  user_message_id?: string;
  message_id?: string;
  finish_reason?: string;
  model?: string;
  error_code?: string;
}

export interface Provider {
  name: string;
  models: string[];
  state: 'available' | 'unavailable';
  description?: string;
  lastError?: { time?: string; model?: string; message?: string; code?: string; url?: string };
}

export interface AiStatus {
  configured?: boolean;
  providers: Provider[];
  defaultModel?: string;
}

export type ParticipantType = 'human' | 'ai_agent' | 'ai_ambiguous' | 'unknown';

export interface Participant {
  personaId: string;
  name: string;
  type: ParticipantType;
  role: string;
  own?: boolean;
  revealed?: boolean;
  leaveTime?: string;
}

export type TurnPolicy = 'natural' | 'list' | 'pooled' | 'manual' | 'model';

export interface RoomSettings {
  maxAiResponders?: number;
  allowAiChains?: boolean;
  turnPolicy?: TurnPolicy;
  participants?: { personaId: string; talkativeness?: number; muted?: boolean }[];
}

export interface Room {
  conversationId: string;
  title: string;
  topic?: string;
  description?: string;
  goal?: string;
  status: 'active' | 'paused' | 'completed' | 'terminated';
  visibility: 'private' | 'unlisted' | 'public';
  participants: Participant[];
  permissions: Record<string, boolean>;
  messageCount?: number;
  closeReason?: string;
  updateTime: string;
  settings?: RoomSettings;
}

export interface RoomMessage {
  messageId: string;
  sequence: number;
  personaId: string;
  personaName: string;
  content: string;
  type: 'text' | 'action' | 'reveal';
  generated?: boolean;
  turnId?: string;
  // Why its author spoke, as turn-taking has it.
  turnReason?: string;
  model?: string;
  hidden?: boolean;
  editTime?: string;
  createTime: string;
}

export interface Memory {
  memoryId: string;
  content: string;
  confidence?: number;
  personaId?: string;
  createTime?: string;
  etag?: string;
}

export interface Goal {
  goalId: string;
  title: string;
  description?: string;
  category: string;
  goalPattern: 'recurring' | 'milestone' | 'target' | 'streak' | 'limit';
  target: { value?: number; unit?: string; period?: string; targetDate?: string; startValue?: number };
  status: 'draft' | 'active' | 'paused' | 'completed' | 'archived';
}

export interface JournalEntry {
  entryId: string;
  title: string;
  content: string;
  mood?: string;
  tags?: string[];
  wordCount?: number;
  shareWithPersonas?: boolean;
  encryption?: unknown;
  createTime: string;
  etag?: string;
}
