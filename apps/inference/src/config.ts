import { baseConfig, loadConfig } from '@signalbox/kernel';
import { z } from 'zod';

const ms = (defaultMs: number) => z.coerce.number().int().min(1).max(3_600_000).default(defaultMs);

export const inferenceConfig = {
  ...baseConfig,
  /** Base of an OpenAI-compatible API, such as `https://api.openai.com/v1`. */
  providerUrl: z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' }),
  /** Sent as a bearer key, where the provider wants one. */
  providerKey: z.string().min(1).optional(),
  /** As models of the policy name the provider. */
  providerName: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1–64 of A–Z a–z 0–9 _ -')
    .default('default'),
  /** The provider's own name of the model, for models of the policy that do not say. */
  providerModel: z.string().min(1).max(128).default('signalbox-simulation'),
  /** Model calls at once. One that waits for its provider costs a connection and about 40 KB, while a run that waits for a slot may wait too long. */
  slots: z.coerce.number().int().min(1).max(65_536).default(16_384),
  connectTimeoutMs: ms(5_000),
  /** Until a streamed answer begins; thinking models take their time. */
  firstByteTimeoutMs: ms(60_000),
  /** Longest silence within an answer. */
  idleTimeoutMs: ms(30_000),
  /** Of one answer over the wire: far more than a model writes. */
  answerBytesMax: z.coerce.number().int().min(1_024).max(268_435_456).default(8_388_608),
  /** Tries within one call; the router begins further attempts by its own rules. */
  attemptsMax: z.coerce.number().int().min(1).max(10).default(3),
  retryBaseMs: ms(250),
  /** Longest wait between tries; a provider that asks for more fails the attempt. */
  retryCapMs: ms(5_000),
  breakerWindowMs: z.coerce.number().int().min(1_000).max(600_000).multipleOf(1_000).default(10_000),
  /** Calls in the window before the breaker may open. */
  breakerVolumeMin: z.coerce.number().int().min(10).max(10_000).default(20),
  breakerErrorPercent: z.coerce.number().int().min(1).max(100).default(50),
  /** How long an open breaker refuses before it lets one call try. */
  breakerResetMs: ms(10_000),
  /** Of one deposit in the vault. */
  depositTimeoutMs: ms(5_000),
  /** Large bodies of entries are named by their run; readers of release 0.1 cannot read that. */
  compactEntries: z.stringbool().default(true),
};

export const config = () => loadConfig(inferenceConfig);
export type InferenceConfig = ReturnType<typeof config>;
