import { z } from 'zod';
import { Token } from '../ids.js';
import { DataClass, RedactionAction } from '../redactions.js';

/** Where text comes in: from people and systems, from models, from tools. */
export const REDACTION_GATES = ['ingress', 'model', 'tool'] as const;
export const RedactionGate = z.enum(REDACTION_GATES);
export type RedactionGate = z.infer<typeof RedactionGate>;

export const REDACTION_RULES_MAX = 128;

/** What a tenant wants done with a class of data, in place of its default. */
export const RedactionRule = z.object({
  id: Token,
  class: DataClass,
  action: RedactionAction,
  /** Where it holds; absent: at every gate. No two rules speak of one class at one gate. */
  gates: z.array(RedactionGate).min(1).max(REDACTION_GATES.length).optional(),
  /** For people: why the rule is there. */
  description: z.string().max(500).default(''),
});
export type RedactionRule = z.infer<typeof RedactionRule>;
