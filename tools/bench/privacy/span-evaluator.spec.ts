import { describe, expect, it } from 'vitest';
import { tokenise } from './evaluator-tokens.ts';
import { makeCorpus } from './made-corpus.ts';
import { evaluate, type LabelledText, scoreCharacters } from './span-evaluator.ts';

const at = (text: string, value: string, type = 'PERSON') => {
  const start = text.indexOf(value);
  return { type, start, end: start + value.length };
};
const TEXT = 'My name is Ada Stone and I live in Paris, France, since 2019 with two cats.';
const sample = (found: string[]): LabelledText => ({
  text: TEXT,
  gold: [at(TEXT, 'Ada Stone'), at(TEXT, 'Paris', 'LOCATION'), at(TEXT, 'France', 'LOCATION')],
  found: found.map((value) => at(TEXT, value, value === 'Ada Stone' ? 'PERSON' : 'LOCATION')),
});

describe('the span evaluator', () => {
  it('joins neighbours with nothing but marks and stop words between them', () => {
    expect(evaluate([sample(['Ada Stone', 'Paris', 'France'])], { iou: 0.75 }).overall).toEqual({
      precision: 1,
      recall: 1,
      f2: 1,
      gold: 2,
    });
  });

  it('joins all spans of a text where the published code does', () => {
    expect(evaluate([sample(['Ada Stone', 'France'])], { iou: 0.9, joinAll: true }).overall).toMatchObject({
      gold: 1,
      recall: 1,
    });
    expect(evaluate([sample(['Ada Stone', 'France'])], { iou: 0.9 }).overall).toMatchObject({ gold: 2, recall: 0.5 });
  });

  it('counts what lies on no label as false, and a wrong type only if asked for types', () => {
    const text = sample(['Ada Stone', 'Paris, France', 'cats']);
    expect(evaluate([text], { iou: 0.75 }).overall.precision).toBeCloseTo(2 / 3);
    const wrong = { ...text, found: text.found.map((span) => ({ ...span, type: 'DATE_TIME' })) };
    expect(evaluate([wrong], { iou: 0.75 }).overall.recall).toBe(1);
    expect(evaluate([wrong], { iou: 0.75, typed: true }).overall.recall).toBe(0);
  });

  it('leaves out what an entity may be said with or without', () => {
    const text = { ...sample([]), gold: [at(TEXT, 'Ada Stone and')], found: [at(TEXT, 'Ada Stone')] };
    expect(evaluate([text], { iou: 1 }).overall.f2).toBe(1);
  });

  it('weighs recall four times as much as precision', () => {
    const { precision, recall, f2 } = evaluate([sample(['Ada Stone', 'cats'])], { iou: 0.75 }).overall;
    expect([precision, recall]).toEqual([0.5, 0.5]);
    expect(f2).toBeCloseTo(0.5);
  });

  it('scores characters without white space', () => {
    expect(scoreCharacters([sample(['Ada Stone'])])).toEqual({ precision: 1, recall: 8 / 19 });
  });

  it('tokenises as spaCy does', () => {
    expect(tokenise('Mr. O\u2019Neil\u2019s (old) e-mail: a.b@x.de, 12/3.').map(({ text }) => text)).toEqual(
      'Mr. O\u2019Neil \u2019s ( old ) e - mail : a.b@x.de , 12/3 .'.split(' '),
    );
  });
});

describe('the corpus made here', () => {
  it('is the same every time, with each label where its value stands', () => {
    const corpus = makeCorpus();
    expect(makeCorpus()).toEqual(corpus);
    expect(corpus.length).toBeGreaterThan(400);
    for (const { text, gold } of corpus) {
      for (const { start, end } of gold) expect(text.slice(start, end).trim()).toHaveLength(end - start);
      expect(text).not.toMatch(/\{\w+\}/);
    }
  });
});
