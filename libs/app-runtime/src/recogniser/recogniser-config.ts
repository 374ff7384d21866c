import { z } from 'zod';

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

/** What a recogniser reads is raw, so it stays on this machine. */
function isLocal(url: string): boolean {
  if (url.startsWith('unix:')) return url.startsWith('unix:/') && url.length > 'unix:/'.length;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  return parsed?.protocol === 'http:' && LOOPBACK.includes(parsed.hostname) && parsed.username === '';
}

/** What the gates that ask a recogniser of the operator's read. */
export const recogniserConfig = {
  /** Where it listens; absent: there is none. */
  recogniserUrl: z.string().refine(isLocal, 'must be unix:/path or an http:// URL of this machine').optional(),
  /** How long it may take for the texts of one request, ms. */
  recogniserMs: z.coerce.number().int().min(10).max(60_000).default(300),
  /** While it is away: nothing is let in, or what the other recognisers let in. */
  recogniserWhenAway: z.enum(['refuse', 'go-on']).default('refuse'),
};

export interface RecogniserConfig {
  recogniserUrl?: string | undefined;
  recogniserMs: number;
  recogniserWhenAway: 'refuse' | 'go-on';
}
