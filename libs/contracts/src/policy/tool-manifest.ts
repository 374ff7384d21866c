import { z } from 'zod';
import { Token } from '../ids.js';
import { Expression } from './expression.js';
import { toolLabels } from './tool-labels.js';

/** What happens if a tool runs twice: nothing, the same (it takes a key), or harm. */
export const ToolEffect = z.enum(['pure', 'idempotent', 'unsafe']);
export type ToolEffect = z.infer<typeof ToolEffect>;

/** Isolation tier: T0 none (HTTP), T2 namespaces, seccomp and cgroup. T1 and T3 are reserved. */
export const ToolTier = z.enum(['T0', 'T1', 'T2', 'T3']);
export type ToolTier = z.infer<typeof ToolTier>;

/** What one call of a tool may use. */
export const ToolLimits = z.object({
  wallMs: z.number().int().min(10).max(600_000),
  cpuMs: z.number().int().min(10).max(600_000),
  memoryBytes: z.number().int().min(16_777_216).max(8_589_934_592),
  /** Processes and threads at once. */
  pidsMax: z.number().int().min(1).max(1_024),
  /** More is an error. */
  outputBytesMax: z.number().int().min(1).max(1_048_576),
  /** Scratch space that is gone after the call. */
  tmpBytesMax: z.number().int().min(0).max(1_073_741_824),
});
export type ToolLimits = z.infer<typeof ToolLimits>;

export const ToolDriver = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('http'),
    /** Exact host names, or `*.example.com`; with a port where it is not the scheme's own. */
    hosts: z.array(z.string().min(1).max(255)).max(100),
    methods: z.array(z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])).min(1),
    /**
     * Where every call goes, by the first of the methods: its arguments are the query of a GET or DELETE, else the JSON
     * body. Absent: the call's arguments say where it goes (`url`, `method`, `headers`, `body`).
     */
    address: z.string().max(2_048).optional(),
  }),
  z.object({
    kind: z.literal('code'),
    language: z.enum(['javascript', 'python']),
    /** Names of files in the runner's data folder, readable at /data/<name>. */
    files: z.array(z.string().regex(/^[A-Za-z0-9_.-]{1,128}$/)).max(32),
  }),
  /** Evaluated by the router in its decision, over `{arguments}`; nothing is sent to a worker. Only for pure tools. */
  z.object({ kind: z.literal('inline'), expression: Expression }),
  /** The run waits until a time: arguments `{ms}` or `{until}` (ISO 8601). No worker is held. */
  z.object({ kind: z.literal('timer') }),
  /** The run waits for a signal: arguments `{name, timeoutMs?}`. Its payload is the result. */
  z.object({ kind: z.literal('signal') }),
  /** Another agent does it, in a run of its own; the answer of that run is the result. No worker. */
  z.object({ kind: z.literal('agent'), agent: Token }),
  /** The run goes on as another agent, with the conversation so far. No worker. */
  z.object({ kind: z.literal('handoff'), agent: Token }),
]);
export type ToolDriver = z.infer<typeof ToolDriver>;

export const ToolManifest = z.object({
  name: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/),
  /** The model reads it to choose. */
  description: z.string().max(2_000),
  /** JSON Schema of the arguments object. */
  parameters: z.record(z.string(), z.unknown()),
  driver: ToolDriver,
  effect: ToolEffect,
  tier: ToolTier,
  limits: ToolLimits,
  /** Calls of the tool that are under way at once, over all runs; more wait. Absent: any number. */
  concurrentCallsMax: z.number().int().min(1).max(1_000_000).optional(),
  /** Arguments that are of no use as pseudonyms, with what their values are needed for. Whether it gets them, policy says. */
  reveals: z
    .array(
      z.object({
        /** JSON pointer; what lies below it counts too. */
        pointer: z
          .string()
          .regex(/^(\/[^/]+)+$/)
          .max(256),
        purpose: z.string().min(1).max(200),
      }),
    )
    .max(16)
    .optional(),
  ...toolLabels,
});
export type ToolManifest = z.infer<typeof ToolManifest>;
