import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { detect, type Ruleset, type Span } from '@signalbox/privacy';
import type { LabelledText, TypedSpan } from './span-evaluator.ts';

/** A text of a file in the Presidio-research format. */
export interface Sample {
  text: string;
  gold: TypedSpan[];
  /** Texts of one template share all words but the values. */
  template: number;
}

interface Row {
  full_text: string;
  template_id?: number | null;
  spans: { entity_type: string; start_position: number; end_position: number }[];
}

/** The file whose even templates the rules were made from. */
const DEVELOPMENT_FILE = 'presidio_synth_dataset_v2.json';

/** As Presidio's notebooks map the labels before they evaluate. */
const LABELS: Readonly<Record<string, string>> = {
  ADDRESS: 'LOCATION',
  STREET_ADDRESS: 'LOCATION',
  GPE: 'LOCATION',
  CITY: 'LOCATION',
  DOMAIN_NAME: 'URL',
  PREFIX: 'TITLE',
};
const CLASSES: Readonly<Record<string, string>> = {
  EMAIL: 'EMAIL_ADDRESS',
  PHONE: 'PHONE_NUMBER',
  CARD: 'CREDIT_CARD',
  IBAN: 'IBAN_CODE',
  PLACE: 'LOCATION',
  ADDRESS: 'LOCATION',
  DATE: 'DATE_TIME',
  BIRTH_DATE: 'DATE_TIME',
  NATIONALITY: 'NRP',
  IP: 'IP_ADDRESS',
  NATIONAL_ID: 'US_SSN',
  DOCUMENT_ID: 'US_DRIVER_LICENSE',
};
/** Labels of which one class of ours covers several. */
const COVERED: Readonly<Record<string, readonly string[]>> = {
  NATIONAL_ID: [
    ...[
      'US_SSN',
      'US_ITIN',
      'UK_NHS',
      'UK_NINO',
      'ES_NIF',
      'ES_NIE',
      'IT_FISCAL_CODE',
      'PL_PESEL',
      'IN_PAN',
      'IN_AADHAAR',
    ],
    ...['DE_TAX_ID', 'FR_NIR', 'NL_BSN', 'BR_CPF', 'BR_CNPJ', 'NATIONAL_ID'],
  ],
  DOCUMENT_ID: ['US_DRIVER_LICENSE', 'US_PASSPORT', 'IT_PASSPORT', 'IN_PASSPORT', 'PASSPORT', 'DRIVER_LICENSE'],
  BANK_ID: ['US_BANK_NUMBER', 'ABA_ROUTING_NUMBER', 'SWIFT_CODE', 'BANK_ACCOUNT'],
  MAC: ['MAC_ADDRESS'],
};
/** What has a fixed shape: found by validators rather than by words. */
export const STRUCTURED_TYPES: ReadonlySet<string> = new Set([
  ...[
    'EMAIL_ADDRESS',
    'PHONE_NUMBER',
    'CREDIT_CARD',
    'IBAN_CODE',
    'IP_ADDRESS',
    'URL',
    'CRYPTO',
    'VIN',
    'MAC',
    'BANK_ID',
  ],
  ...Object.values(COVERED).flat(),
]);

export function readSamples(file: string): Sample[] {
  const rows = JSON.parse(readFileSync(file, 'utf8')) as Row[];
  return rows.map(({ full_text: text, template_id: template, spans }) => ({
    text,
    template: template ?? 0,
    gold: spans.map((span) => ({
      type: LABELS[span.entity_type] ?? span.entity_type,
      start: span.start_position,
      end: span.end_position,
    })),
  }));
}

export const isDevelopmentFile = (file: string): boolean => basename(file) === DEVELOPMENT_FILE;

/** Texts that no rule was made from: the odd templates of the development file, all of any other. */
export function heldOut(samples: readonly Sample[], file: string): Sample[] {
  return samples.filter(({ template }) => !isDevelopmentFile(file) || template % 2 === 1);
}

export function findIn(samples: readonly Sample[], ruleset: Ruleset): LabelledText[] {
  return samples.map(({ text, gold }) => ({
    text,
    gold,
    found: detect(text, ruleset).map((span) => ({ type: typeOf(span, gold), start: span.start, end: span.end })),
  }));
}

/** The label for what we found; where a class covers several, the one that stands there. */
function typeOf(span: Span, gold: readonly TypedSpan[]): string {
  const covered = COVERED[span.class];
  const label = gold.find((one) => covered?.includes(one.type) && one.start < span.end && one.end > span.start);
  return label?.type ?? CLASSES[span.class] ?? span.class;
}

/** The same texts with spans of some types only. */
export function onlyTypes(texts: readonly LabelledText[], types: ReadonlySet<string>): LabelledText[] {
  const keep = (spans: readonly TypedSpan[]): TypedSpan[] => spans.filter(({ type }) => types.has(type));
  return texts.map(({ text, gold, found }) => ({ text, gold: keep(gold), found: keep(found) }));
}
