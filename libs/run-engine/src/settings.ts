import { type ErrorCode, ERRORS } from '@signalbox/contracts';

/** Version of the rules in `decide`; noted in every decision. */
export const ENGINE_VERSION = 6;
/** The first version that looks for calls that lead nowhere. */
export const ENGINE_WITH_PROGRESS = 2;
/** The first version in which time spent waiting is no wall time, and questions expire. */
export const ENGINE_WITH_FREE_WAITS = 3;

/** The first version that decides by labels of what a call was made of. */
export const ENGINE_WITH_LABELS = 4;
/** The first version that asks memory for nothing where a session begins. */
export const ENGINE_WITH_NEW_SESSIONS = 5;
/** The first version in which calls in a row wait for questions about what may have run. */
export const ENGINE_WITH_DOUBTFUL_ROWS = 6;
/** The first version in which a run below another has until that one's wall time is up, with the time that it waited. */
export const ENGINE_WITH_MOVED_DEADLINES = 6;
/** The first version in which calls in a row wait for room where their tool is limited. */
export const ENGINE_WITH_LIMITED_ROWS = 6;
/** The first version in which a call beyond the run's own limit asks for no room: whether there was any is not recorded. */
export const ENGINE_WITH_LIMIT_BEFORE_ROOM = 6;

/** Calls of a sequence that one worker makes in a row, and the time that they may take together, ms. */
export const SEQUENCE_CALLS_MAX = 64;
export const SEQUENCE_WALL_MS_MAX = 120_000;
/** How often one step or one call is tried before it counts as failed. */
export const ATTEMPTS_MAX = 3;
/** The same while a provider is away or asks to slow down: with the pauses below, for about three quarters of a minute. */
export const AWAY_ATTEMPTS_MAX = 9;
/** Runs below one another where an agent names no bound: the request's own, and four under it. */
export const DEPTH_MAX = 4;
/** How often a run may go from one agent to another. */
export const HANDOFFS_MAX = 8;
/** Pause before the attempt of that number after a reported failure, ms; the last value holds for all later ones. */
export const RETRY_DELAYS_MS: readonly number[] = [0, 0, 500, 1_000, 2_000, 4_000, 8_000, 16_000];
/** What an effect may take beyond its own time limit because it waits in a queue, ms. */
export const QUEUE_WAIT_MS_MAX = 60_000;
/** Between the end of an effect's time and giving it up: clocks differ, results travel. ms. */
export const EFFECT_GRACE_MS = 5_000;
/** Memory must answer within this, or the run goes on without history. ms. */
export const SESSION_LOAD_TIMEOUT_MS = 5_000;
export const SESSION_SAVE_TIMEOUT_MS = 10_000;
/** Newest messages of a session that a run is given. */
export const HISTORY_MESSAGES_MAX = 200;
/** A run that finds no policy in force waits this long for one before it fails, ms. */
export const POLICY_WAIT_MS_MAX = 30_000;
/** How often a waiting run looks again, ms. */
export const POLICY_WAKE_MS = 500;
/** Facts kept for steps that are not decided yet; a run with more is quarantined. */
export const EARLY_FACTS_MAX = 256;
/** Signals kept for calls that do not wait for them yet; more are dropped. */
export const SIGNALS_KEPT_MAX = 32;
/** Ids of requests (signals, pauses) remembered, so that none counts twice; far more than an hour of them. */
export const REQUESTS_KEPT_MAX = 1_024;
/** How long a run may do nothing but wait, all waits together, ms: 90 days. */
export const PARKED_MS_MAX = 7_776_000_000;
/** Oddities remembered in the state of a run; beyond, they are only counted. */
export const REPORTS_MAX = 32;
/** Consecutive rounds of one decision; each ends in an outside effect or the end of the run. */
export const ROUNDS_MAX = 256;
/** After so many events, or so many characters of inline arguments and results, what follows is the next decision. */
export const ROUND_EVENTS_MAX = 128;
export const ROUND_CHARS_MAX = 262_144;
/** Newest calls that are looked at for progress; more than one step may ask for, and all that may follow a warning. */
export const LOOP_CALLS_MAX = 128;
/** Longest cycle of calls that is recognised. */
export const LOOP_PERIOD_MAX = 4;
/** Equal rounds of calls in a row, same arguments and same results, of which the model is warned. */
export const LOOP_ROUNDS_WARN = 3;
/** Rounds more after the warning, then the run is stopped. */
export const LOOP_ROUNDS_AFTER = 2;
/** Failed or refused calls in a row of which the model is warned. */
export const LOOP_ERRORS_WARN = 5;
/** Failed or refused calls more after the warning, then the run is stopped. */
export const LOOP_ERRORS_AFTER = 5;
/** A fault of an answer as it is told to the model, characters. */
export const OUTPUT_FAULT_CHARS_MAX = 500;
/** Rough size of a token of a prompt, characters; used to reserve before the call, never to charge. */
export const CHARS_PER_TOKEN = 4;
/** What a message costs beside its text, tokens. */
export const TOKENS_PER_MESSAGE = 4;
/** Characters of an expression. */
export const EXPRESSION_CHARS_MAX = 2_048;
/** Nesting of an expression, and of a value that it gives. */
export const EXPRESSION_DEPTH_MAX = 64;
/** Nodes, items and pieces of 16 characters that one evaluation may look at: about a millisecond. */
export const EXPRESSION_WORK_MAX = 20_000;
/** Text that an expression may make of one value, bytes. */
export const EXPRESSION_TEXT_BYTES_MAX = 65_536;
/** What may be sought in a text, characters: a search for more takes the product of both lengths at worst. */
export const EXPRESSION_SOUGHT_CHARS_MAX = 200;
/** Expressions kept ready by a process; beyond, all are read again as they are needed. */
export const EXPRESSIONS_KEPT_MAX = 4_096;
/** Arguments of an inline call, characters. */
export const INLINE_ARGUMENTS_CHARS_MAX = 65_536;
/** Result of an inline call, bytes; the tool's own limit may be lower. */
export const INLINE_RESULT_BYTES_MAX = 32_768;
/** Arguments of all calls of one planned step together, bytes. */
export const PLAN_ARGUMENTS_BYTES_MAX = 131_072;
/** A whole plan as JSON, characters. */
export const PLAN_CHARS_MAX = 65_536;
/** Answer of a planned agent, bytes. */
export const PLAN_OUTPUT_BYTES_MAX = 65_536;

/** Attempts of a model call that ended with this code. */
export const modelAttemptsMax = (code: ErrorCode): number =>
  ['unavailable', 'limit'].includes(ERRORS[code].kind) ? AWAY_ATTEMPTS_MAX : ATTEMPTS_MAX;

export const retryDelayMs = (attempt: number): number =>
  RETRY_DELAYS_MS[Math.min(attempt, RETRY_DELAYS_MS.length - 1)] ?? 0;
