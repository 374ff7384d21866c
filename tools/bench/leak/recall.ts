import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createRuleset, detect } from '@signalbox/privacy';
import { findIn, heldOut, readSamples } from '../privacy/labelled.ts';
import { makeCorpus } from '../privacy/made-corpus.ts';
import { Dice, SLOTS } from '../privacy/made-values.ts';
import { evaluate } from '../privacy/span-evaluator.ts';
import type { MissBounds } from './report.ts';

const ROOT = resolve(import.meta.dirname, '..', '..', '..');
const DATA = process.env['SIGNALBOX_DATA'] ?? join(ROOT, '..', 'shared', 'data');
const FILE = join(DATA, 'privacy', 'presidio_synth_dataset_v2.json');
const IOU = 0.75;
const ADDRESSES = 400;
const SEED = 20_251_128;

/**
 * The share that the profile of the gates misses: of names by `npm run bench -- privacy`, on the data set where it is
 * to be had, else on the corpus made here; of addresses on those of that corpus alone, since the label of the data set
 * covers cities and countries too, which the gates leave be.
 */
export function missBounds(): { bounds: MissBounds; from: string } {
  const present = existsSync(FILE);
  const samples = present ? heldOut(readSamples(FILE), FILE) : makeCorpus();
  const { byType } = evaluate(findIn(samples, createRuleset()), { iou: IOU, typed: true });
  return {
    bounds: { PERSON: 1 - (byType.get('PERSON')?.recall ?? 0), ADDRESS: missedAddresses() },
    from: present ? 'the published data set, templates that no rule was made from' : 'the corpus made here',
  };
}

function missedAddresses(): number {
  const dice = new Dice(SEED);
  const ruleset = createRuleset();
  const address = SLOTS['address']![1];
  const missed = Array.from({ length: ADDRESSES }, () => address(dice)).filter((value) => {
    const found = detect(`The parcel for ${value} never arrived.`, ruleset).filter((span) => span.class === 'ADDRESS');
    return found.reduce((chars, { start, end }) => chars + end - start, 0) < IOU * value.length;
  });
  return missed.length / ADDRESSES;
}
