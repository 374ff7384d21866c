import type { PiiClass } from '@signalbox/contracts';
import type { Dice } from '../privacy/made-values.ts';
import { personName, streetAddress } from './names.ts';

export interface MadeValue {
  class: PiiClass;
  value: string;
  /** What is looked for: the value itself, or the part of it that names somebody. */
  shown: string;
  /** A sentence of each language that holds it, `%` for the value. */
  sentences: readonly string[];
  /** The key under which it stands in JSON. */
  key: string;
  /** As a number of JSON, where it can be one. */
  number?: number;
}

type Maker = (dice: Dice) => string;
interface Kind {
  make: Maker;
  key: string;
  sentences: readonly string[];
}

const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ';
const letters = (dice: Dice, count: number): string =>
  Array.from({ length: count }, () => dice.of([...LETTERS])).join('');
const hex = (dice: Dice, count: number): string =>
  Array.from({ length: count }, () => dice.of([...'0123456789abcdef'])).join('');
const alnum = (dice: Dice, count: number): string =>
  Array.from({ length: count }, () => dice.of([...`${LETTERS}${LETTERS.toLowerCase()}0123456789`])).join('');
const word = (dice: Dice): string =>
  dice.of(['kestrel', 'marlowe', 'tindra', 'quill', 'brisk', 'ostler', 'fennel', 'zephyr']);

function luhn(body: string): string {
  let sum = 0;
  for (const [i, digit] of [...body].toReversed().entries()) {
    const value = Number(digit) * (i % 2 === 0 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return body + String((10 - (sum % 10)) % 10);
}

const inFours = (text: string): string => (text.match(/.{1,4}/g) ?? []).join(' ');

function iban(dice: Dice): string {
  const [country, size] = dice.of([
    ['DE', 18],
    ['ES', 20],
    ['FI', 14],
    ['PL', 24],
    ['AT', 16],
  ] as const);
  const bban = dice.digits(size);
  const number = [...`${bban}${country}00`].map((char) => Number.parseInt(char, 36)).join('');
  return country + String(98n - (BigInt(number) % 97n)).padStart(2, '0') + bban;
}

function abaNumber(dice: Dice): string {
  const body = `0${1 + dice.below(9)}${dice.digits(6)}`;
  const sum = [...body].reduce((total, digit, i) => total + Number(digit) * [3, 7, 1][i % 3]!, 0);
  return body + String((10 - (sum % 10)) % 10);
}

const pesel: Maker = (dice) => {
  const body = `${50 + dice.below(49)}0${1 + dice.below(9)}${10 + dice.below(18)}${dice.digits(4)}`;
  const sum = [...body].reduce((total, digit, i) => total + Number(digit) * [1, 3, 7, 9][i % 4]!, 0);
  return body + String((10 - (sum % 10)) % 10);
};
const nif: Maker = (dice) => {
  const digits = String(10_000_000 + dice.below(89_999_999));
  return digits + 'TRWAGMYFPDXBNJZSQVHLCKE'[Number(digits) % 23]!;
};

const ANYWHERE = [
  'Please write % down before you go on.',
  'Bitte schreiben Sie % auf, bevor Sie weitermachen.',
  'Veuillez noter % avant de continuer.',
  'Por favor, anote % antes de seguir.',
  'Si prega di annotare % prima di proseguire.',
  'Prosze zapisac % przed dalsza praca.',
  'Skriv ner % innan du fortsatter.',
] as const;

/** Every class with a shape of its own. */
export const STRUCTURED = {
  EMAIL: {
    key: 'email',
    make: (dice) =>
      `${word(dice)}.${word(dice)}${dice.digits(4)}@${dice.of(['posteo.example', 'mailbox.test', 'okoro.com.ng', 'lehtinen.fi'])}`,
    sentences: ANYWHERE,
  },
  PHONE: {
    key: 'phone',
    make: (dice) =>
      `+${dice.of(['44 20', '49 30', '358 9', '48 22', '33 1'])} ${2 + dice.below(7)}${dice.digits(3)} ${dice.digits(4)}`,
    sentences: ANYWHERE,
  },
  CARD: {
    key: 'card',
    make: (dice) => {
      const card = luhn(dice.of(['4539', '5163', '6011']) + dice.digits(11));
      return dice.below(2) === 0 ? card : inFours(card);
    },
    sentences: ANYWHERE,
  },
  IBAN: {
    key: 'iban',
    make: (dice) => {
      const one = iban(dice);
      return dice.below(2) === 0 ? one : inFours(one);
    },
    sentences: ANYWHERE,
  },
  NATIONAL_ID: {
    key: 'ssn',
    make: (dice) => `${100 + dice.below(500)}-${10 + dice.below(89)}-${1000 + dice.below(8999)}`,
    sentences: ['My social security number is %.', 'The SSN on file, %, is right.'],
  },
  BANK_ID: { key: 'routingNumber', make: abaNumber, sentences: ['The routing number is %.', 'Routing number: %.'] },
  DOCUMENT_ID: {
    key: 'passportNumber',
    make: (dice) => `${letters(dice, 1)}${dice.digits(8)}`,
    sentences: ['My passport number is %.', 'Passport %, valid for ten years.'],
  },
  CRYPTO: { key: 'wallet', make: (dice) => `0x${hex(dice, 40)}`, sentences: ANYWHERE },
  IP: {
    key: 'ip',
    make: (dice) =>
      `${130 + dice.below(30)}.${100 + dice.below(155)}.${100 + dice.below(155)}.${100 + dice.below(155)}`,
    sentences: ANYWHERE,
  },
  MAC: { key: 'mac', make: (dice) => (hex(dice, 12).match(/../g) ?? []).join(':'), sentences: ANYWHERE },
  URL: {
    key: 'profileUrl',
    make: (dice) => `https://www.linkedin.com/in/${word(dice)}-${word(dice)}-${dice.digits(5)}`,
    sentences: ANYWHERE,
  },
  USERNAME: {
    key: 'username',
    make: (dice) => `${word(dice)}_${word(dice)}${dice.digits(3)}`,
    sentences: ['My username: %', 'Her username is %.'],
  },
  SECRET: { key: 'apiKey', make: secret, sentences: ANYWHERE },
} as const satisfies Partial<Record<PiiClass, Kind>>;

/** National numbers that need their own word beside them. */
const NATIONAL = [
  { make: pesel, sentences: ['Moj PESEL: %.', 'PESEL %'], key: 'pesel' },
  { make: nif, sentences: ['Mi DNI es %.', 'DNI %'], key: 'dni' },
] as const;

function secret(dice: Dice): string {
  return dice.of<Maker>([
    (d) => `AKIA${letters(d, 12)}${d.digits(4)}`,
    (d) => `ghp_${alnum(d, 36)}`,
    (d) => `sk_live_${alnum(d, 24)}`,
    (d) => `glpat-${alnum(d, 20)}`,
    (d) => `AIza${alnum(d, 35)}`,
    (d) => `eyJ${alnum(d, 20)}.eyJ${alnum(d, 30)}.${alnum(d, 43)}`,
  ])(dice);
}

/** What is told by words alone: here the recognisers miss some. */
export const BY_WORDS = ['PERSON', 'ADDRESS'] as const;

const PERSON_SENTENCES = [
  'Yesterday I spoke with % about the delivery.',
  'Dear %, thank you for your letter.',
  'Please ask % whether the meeting can be moved.',
  'The contract was signed by % last week.',
  'Gestern habe ich mit % telefoniert.',
  'Le dossier a ete transmis par % hier soir.',
  'He hablado con % sobre el pedido.',
  'Il contratto fu firmato da % la settimana scorsa.',
] as const;
const ADDRESS_SENTENCES = [
  'The parcel goes to %, as always.',
  'She has lived at % since the spring.',
  'Das Paket geht an die Adresse %, wie immer.',
  'Elle habite au % depuis le printemps.',
  'Vive en % desde la primavera.',
] as const;

export const CLASSES = [...(Object.keys(STRUCTURED) as (keyof typeof STRUCTURED)[]), ...BY_WORDS];
export type PlantedClass = (typeof CLASSES)[number];
export const isByWords = (name: PiiClass): boolean => (BY_WORDS as readonly PiiClass[]).includes(name);

export function makeValue(name: PlantedClass, dice: Dice): MadeValue {
  if (name === 'PERSON') return { class: name, ...personName(dice), sentences: PERSON_SENTENCES, key: 'contactName' };
  if (name === 'ADDRESS') {
    const value = streetAddress(dice);
    return { class: name, value, shown: value, sentences: ADDRESS_SENTENCES, key: 'address' };
  }
  const kind: Kind = name === 'NATIONAL_ID' && dice.below(3) > 0 ? dice.of(NATIONAL) : STRUCTURED[name];
  const value = kind.make(dice);
  const number = name === 'CARD' ? { number: Number(value.replaceAll(' ', '')) } : {};
  return { class: name, value, shown: value, sentences: kind.sentences, key: kind.key, ...number };
}
