import { z } from 'zod';
import { RunId } from '../ids.js';
import { RedactionGate } from '../policy/redaction-rule.js';
import { DataClass, RedactionAction } from '../redactions.js';
import { Count } from '../units.js';

export const REPLAY_PLACES_MAX = 200;
const Change = z.enum(['new', 'gone', 'changed']);

/** Differences by class and place; never a value. */
export const RedactionReplayedV1 = z.object({
  runs: Count,
  texts: Count,
  characters: Count,
  /** The sample ended at a bound before all of its runs were read. */
  cut: z.boolean(),
  classes: z.array(z.object({ class: DataClass, new: Count, gone: Count, changed: Count })).max(64),
  /** The first of them. */
  places: z
    .array(
      z.object({
        change: Change,
        class: DataClass,
        before: RedactionAction,
        after: RedactionAction,
        gate: RedactionGate,
        runId: RunId,
        /** Of the entry, as the archive counts. */
        seq: Count,
        /** Which text of the entry, from 0. */
        text: Count,
        /** `[start, end)` in UTF-16 characters of the text as it was kept. */
        start: Count,
        end: Count,
      }),
    )
    .max(REPLAY_PLACES_MAX),
});
export type RedactionReplayedV1 = z.infer<typeof RedactionReplayedV1>;
