import {
  DataClass,
  PATTERN_TEXT_CHARS_MAX,
  REDACTION_PATTERNS_MAX,
  REDACTION_RULES_MAX,
  RedactionAction,
  RedactionGate,
  RedactionPattern,
  RedactionRule,
  REPLAY_RUNS_MAX,
} from '@signalbox/contracts';
import { z } from 'zod';

export const TRIAL_TEXT_CHARS_MAX = 65_536;
export const TRIAL_SPANS_MAX = 1_000;
const NAMES_MAX = 64;

/** Rules and patterns to try in place of those in force; what is absent is as it is in force. */
export const RedactionDraft = z.object({
  redactions: z.array(RedactionRule).max(REDACTION_RULES_MAX).optional(),
  patterns: z.array(RedactionPattern).max(REDACTION_PATTERNS_MAX).optional(),
});
export type RedactionDraft = z.infer<typeof RedactionDraft>;

export const RedactionTrial = RedactionDraft.extend({
  text: z.string().min(1).max(TRIAL_TEXT_CHARS_MAX),
  /** As if it came in there. */
  gate: RedactionGate.default('ingress'),
  /** Names of the caller's own profile. */
  names: z.array(z.string().min(1).max(PATTERN_TEXT_CHARS_MAX)).max(NAMES_MAX).default([]),
});
export type RedactionTrial = z.infer<typeof RedactionTrial>;

export const RedactionTrialResult = z.object({
  /** Name of the rules that were tried. */
  ruleset: z.string(),
  /** Whether the gate would refuse the text. */
  refused: z.boolean(),
  /** What was found in it, `[start, end)` in UTF-16 characters; at most 1,000. */
  spans: z
    .array(
      z.object({
        class: DataClass,
        start: z.number().int(),
        end: z.number().int(),
        recogniser: z.string(),
        action: RedactionAction,
        /** Null: the default of the class. */
        rule: z.string().nullable(),
      }),
    )
    .max(TRIAL_SPANS_MAX),
  /** As a model would read it. */
  text: z.string(),
});
export type RedactionTrialResult = z.infer<typeof RedactionTrialResult>;

/** A draft against what was said in the newest runs. */
export const RedactionComparison = RedactionDraft.extend({
  runs: z.number().int().min(1).max(REPLAY_RUNS_MAX).default(50),
});
export type RedactionComparison = z.infer<typeof RedactionComparison>;

/** What is done with a class where nothing else is said, and what is in force. */
export const RedactionClasses = z.object({
  ruleset: z.string(),
  items: z.array(
    z.object({
      class: DataClass,
      /** By gate. */
      actions: z.record(RedactionGate, z.object({ action: RedactionAction, rule: z.string().nullable() })),
    }),
  ),
});
export type RedactionClasses = z.infer<typeof RedactionClasses>;
