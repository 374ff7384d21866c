import type { Sample } from './labelled.ts';
import { Dice, SLOTS } from './made-values.ts';

const SEED = 20_251_128;
const TEXTS_PER_TEMPLATE = 12;

/** Sentences of our own: mail, tickets, notes, forms. None of their wording is in the development file. */
const TEMPLATES = [
  'Dear {person},\n\nthank you for your letter of {date}. A colleague will ring you on {phone} before the end of the week.\n\nKind regards,\n{person}\n{firm}',
  'Ticket opened by {person} ({email}): the parcel for {address} never arrived.',
  'Please transfer the deposit to {iban}, account holder {person}.',
  'The patient, {person}, a {age}-year-old {nation} woman, was admitted on {shortdate}.',
  'Could you move my appointment? My number is {phone}. Best, {given}',
  '{person} joined {firm} as a {job} and moved from {city} to {city}.',
  'We shipped the replacement to {person}, {address}, {country}.',
  'My card {card} was charged twice in {city}.',
  'Minutes of the meeting. Present: {person}, {person}, {person}. Apologies: {given}.',
  'If {given} calls again, tell her that {family} from {firm} has the keys.',
  'Social security number {ssn}, born {date} in {city}, {country}.',
  'The login came from {ip}, which we have never seen for {person}.',
  'Our {nation} office is run by {person}; write to {email}.',
  'Name: {person}\nDate of birth: {shortdate}\nNationality: {nation}\nAddress: {address}',
  'I grew up in {country} and speak a little of the language.',
  'Invoice for {firm}, {address}. Questions to {email} or {phone}.',
  '{given} is {age} and still rides a motorcycle to work.',
  'The lease for {address} ends on {date}.',
  'Have you spoken to {person} about the broken heating?',
  'Yesterday {given} and {given} drove all the way to {city}.',
  'More about the team is on {url}.',
  'Emergency contact: {person}, brother, {phone}.',
  '"We did not expect so many visitors," said {person}, spokesperson of {firm}.',
  'Payment failed for card ending soon; full number {card}, holder {person}.',
  'Forward everything to {email} while I am in {country}.',
  'Reservation under {family}, two nights, arriving {date}.',
  'Witness statement of {person}, aged {age}, of {address}.',
  'Applicant: {person}, {job}. Previous employer: {firm}.',
  'The flight to {city} was full of {nation} students.',
  'Transfer confirmed. Beneficiary {firm}, IBAN {iban}.',
  'Hi {given}, the plumber comes on {date}; his mobile is {phone}.',
  'Mrs. {family} asked whether the pharmacy in {city} is open.',
  'In {city}, {person} was awarded the prize for young writers.',
  'This is to certify that {person} has worked for {firm} since {date}.',
  'Delivery note\n{person}\n{address}\n{country}\nTel. {phone}',
  'Does {given} still live with {person} in {city}?',
  'Customer {person} disputes the payment of {shortdate} made with {card}.',
  'Her grandmother came from {country}, her grandfather from {city}.',
  'Blocked {ip} after forty attempts against the account of {email}.',
  'I, {person}, hereby cancel my contract with {firm}.',
];

/** A corpus in the same shape as the published one, made from other templates, names and places; always the same. */
export function makeCorpus(): Sample[] {
  const dice = new Dice(SEED);
  return TEMPLATES.flatMap((template, index) =>
    Array.from({ length: TEXTS_PER_TEMPLATE }, () => fill(template, index, dice)),
  );
}

function fill(template: string, index: number, dice: Dice): Sample {
  const sample: Sample = { text: '', template: index, gold: [] };
  for (const part of template.split(/(\{\w+\})/)) {
    const slot = SLOTS[part.slice(1, -1)];
    if (!slot || !part.startsWith('{')) {
      sample.text += part;
      continue;
    }
    const [type, make] = slot;
    const value = make(dice);
    sample.gold.push({ type, start: sample.text.length, end: sample.text.length + value.length });
    sample.text += value;
  }
  return sample;
}
