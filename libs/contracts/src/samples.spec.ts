import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import * as contracts from './index.js';
import { channelList, ERROR_CODES, RunEvent } from './index.js';

/**
 * Recorded messages of each release, `<type>.json` or `<type>.<variant>.json`. Samples of a past release are never
 * changed: if one fails, the schema has been narrowed, and what is stored out there cannot be read any more.
 */
const ROOT = resolve(import.meta.dirname, '../samples');
const SAMPLE = /^(?<type>[a-z-]+(?:\.[a-z-]+)*\.v\d+)(?:\.[a-z-]+)?\.json$/;

const inChannels = Object.assign({}, ...channelList.map(({ messages }) => messages)) as Record<string, z.ZodType>;
/** Versioned schemas that are replies, or that lie in a bucket or a store. */
const others: Record<string, z.ZodType> = {
  'auth.reply.v1': contracts.AuthReplyV1,
  'reservation.v1': contracts.ReservationV1,
  'letters.reply.v1': contracts.LettersReplyV1,
  'caller.v1': contracts.CallerV1,
  'schedule.fired.v1': contracts.ScheduleFiredV1,
  'run.view.v1': contracts.RunViewV1,
  'answered.v1': contracts.AnsweredV1,
  'approvals.reply.v1': contracts.ApprovalsReplyV1,
  'watch.event.v1': contracts.WatchEventV1,
  'acknowledged.v1': contracts.AcknowledgedV1,
  'session.state.v1': contracts.SessionStateV1,
  'policy.bundle.v1': contracts.PolicyBundleV1,
  'signed.bundle.v1': contracts.SignedBundleV1,
  'claim.v1': contracts.ClaimV1,
  'archived-run.v1': contracts.ArchivedRunV1,
  'partition.load.v1': contracts.PartitionLoadV1,
  'budget.v1': contracts.BudgetV1,
  'quota-use.v1': contracts.QuotaUseV1,
  'partition.state.v1': contracts.PartitionStateV1,
  'redaction.replayed.v1': contracts.RedactionReplayedV1,
  'recorded-calls.v1': contracts.RecordedCallsV1,
  'vault.state.v1': contracts.VaultStateV1,
  'vault.revealed.v1': contracts.VaultRevealedV1,
};
const schemas = { ...inChannels, ...others };

const schemaNameOf = (type: string): string =>
  type.replaceAll(/(?:^|[.-])([a-z])/g, (_, letter: string) => letter.toUpperCase());
const read = (release: string, file: string): unknown => JSON.parse(readFileSync(join(ROOT, release, file), 'utf8'));

const releases = readdirSync(ROOT);
const samples = releases.flatMap((release) =>
  readdirSync(join(ROOT, release)).flatMap((file) => {
    const type = SAMPLE.exec(file)?.groups?.['type'];
    return type === undefined ? [] : [{ release, file, type, value: read(release, file) }];
  }),
);

describe('recorded messages', () => {
  it.each(samples)('$release/$file can still be read, and nothing of it is lost', ({ type, value }) => {
    expect(schemas[type]?.parse(value)).toEqual(value);
  });

  it('are there for every type of message, every reply and every kind of event', () => {
    const types = new Set(samples.map(({ type }) => type));
    expect(Object.keys(schemas).filter((type) => !types.has(type))).toEqual([]);
    expect([...types].filter((type) => !(type in schemas))).toEqual([]);
    const events = samples.flatMap(({ type, value }) =>
      type === 'decision.v1' ? (value as contracts.DecisionV1).events : [],
    );
    const recorded = new Set<string>(events.map((event) => event.type));
    expect(RunEvent.options.map((option) => option.shape.type.value).filter((type) => !recorded.has(type))).toEqual([]);
  });

  it.each(releases)('of %s: every code of an error is still known', (release) => {
    expect(
      (read(release, 'error-codes.json') as string[]).filter((code) => !ERROR_CODES.some((known) => known === code)),
    ).toEqual([]);
  });

  it('are all plain samples or the list of codes', () => {
    const files = releases.flatMap((release) => readdirSync(join(ROOT, release)));
    expect(files.filter((file) => !SAMPLE.test(file) && file !== 'error-codes.json')).toEqual([]);
  });
});

describe('names', () => {
  const sources = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' });

  it.each(Object.entries(schemas))('%s is the schema and the file of that name', (type, schema) => {
    const name = schemaNameOf(type);
    const fileName = `${type.replaceAll(/\.(?!v\d+$)/g, '-')}.ts`;
    const found = sources.filter((path) => basename(path) === fileName);
    expect(found).toHaveLength(1);
    expect(readFileSync(join(import.meta.dirname, found[0] ?? ''), 'utf8')).toContain(`export type ${name} =`);
    expect((contracts as Record<string, unknown>)[name]).toBe(schema);
  });
});
