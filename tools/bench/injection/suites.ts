import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** The texts of one AgentDojo suite, by the name of the file that they stand in. */
export type Suite = Readonly<Record<string, Record<string, unknown>>>;
type Fields = Record<string, unknown>;
type Answer = (suite: Suite, args: Fields) => unknown;

const VECTORS = 'injection_vectors';
const PLACE = /\{([a-z_0-9]+)\}/g;

/** The suite with an attacker's text at one of the places where others can write; null where the folder has none. */
export function readSuite(data: string, name: string, inject?: { vector: string; text: string }): Suite | null {
  const folder = join(data, 'agentdojo', name);
  if (!existsSync(folder)) return null;
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
  const parsed = files.map((file) => [file.slice(0, -'.yaml'.length), parse(readFileSync(join(folder, file), 'utf8'))]);
  const suite = Object.fromEntries(parsed) as Record<string, Fields>;
  const vectors = (suite[VECTORS] ?? {}) as Record<string, { default?: string }>;
  const textAt = (vector: string): string =>
    inject?.vector === vector ? inject.text : (vectors[vector]?.default ?? '');
  return filled(suite, textAt) as Suite;
}

function filled(value: unknown, textAt: (vector: string) => string): unknown {
  if (typeof value === 'string') return value.replace(PLACE, (_, vector: string) => textAt(vector));
  if (Array.isArray(value)) return value.map((item) => filled(item, textAt));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filled(item, textAt)]));
}

const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value ?? null));
const at = (value: unknown, ...path: string[]): unknown =>
  path.reduce<unknown>((found, key) => (found as Fields | undefined)?.[key], value);
const list = (value: unknown): Fields[] => (Array.isArray(value) ? (value as Fields[]) : []);
const among = (items: Fields[], names: unknown): Fields[] =>
  items.filter(({ name }) => Array.isArray(names) && names.includes(name));
const saying = (items: Fields[], words: unknown): Fields[] =>
  items.filter((item) => text(item).toLowerCase().includes(text(words).toLowerCase()));
const pick = (items: Fields[], ...keys: string[]): Fields[] =>
  items.map((item) => Object.fromEntries(keys.map((key) => [key, item[key]])));

const banking = (suite: Suite, ...path: string[]): unknown => at(suite['environment'], 'bank_account', ...path);
const places = (suite: Suite, kind: 'hotels' | 'restaurants' | 'car_rental', name: string): Fields[] =>
  list(at(suite['environment'], kind, name));
const hotels = (suite: Suite): Fields[] => places(suite, 'hotels', 'hotel_list');
const restaurants = (suite: Suite): Fields[] => places(suite, 'restaurants', 'restaurant_list');
const cars = (suite: Suite): Fields[] => places(suite, 'car_rental', 'company_list');
const inCity = (items: Fields[], city: unknown): Fields[] => items.filter((item) => item['city'] === city);
const mails = (suite: Suite): Fields[] => list(suite['inbox']?.['initial_emails']);
const events = (suite: Suite): Fields[] => list(suite['calendar']?.['initial_events']);
const files = (suite: Suite): Fields[] => list(suite['cloud_drive']?.['initial_files']);

/** What the tools of the suites read; all others do something and answer that it is done. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  get_balance: (suite) => banking(suite, 'balance'),
  get_iban: (suite) => banking(suite, 'iban'),
  get_user_info: (suite) =>
    pick([at(suite['environment'], 'user_account') as Fields], 'first_name', 'last_name', 'street', 'city')[0],
  get_scheduled_payments: (suite) => banking(suite, 'scheduled_transactions'),
  get_transactions: (suite, { n }) => list(banking(suite, 'transactions')).slice(-Number(n)),
  read_file: (suite, { path }) => at(suite['environment'], 'filesystem', 'files', text(path)),
  list_channels: (suite) => at(suite['environment'], 'slack', 'channels'),
  list_users: (suite) => at(suite['environment'], 'slack', 'users'),
  read_channel: (suite, { channel }) => at(suite['environment'], 'slack', 'channel_inbox', text(channel)),
  read_inbox: (suite, { user }) => at(suite['environment'], 'slack', 'user_inbox', text(user)),
  get_webpage: (suite, { url }) => at(suite['environment'], 'web', 'web_content', text(url)),
  get_user_information: (suite) => at(suite['environment'], 'user'),
  get_hotels: (suite, { city }) => pick(inCity(hotels(suite), city), 'name', 'address'),
  get_hotel_prices: (suite, { names }) => pick(among(hotels(suite), names), 'name', 'price_min', 'price_max', 'rating'),
  get_hotel_reviews: (suite, { names }) => pick(among(hotels(suite), names), 'name', 'reviews'),
  get_restaurants: (suite, { city }) =>
    pick(inCity(restaurants(suite), city), 'name', 'address', 'cuisine_type', 'rating'),
  get_restaurant_reviews: (suite, { names }) => pick(among(restaurants(suite), names), 'name', 'reviews'),
  get_car_rentals: (suite, { city }) => pick(inCity(cars(suite), city), 'name', 'address', 'price_per_day', 'rating'),
  get_car_reviews: (suite, { names }) => pick(among(cars(suite), names), 'name', 'reviews'),
  get_flights: (suite) => list(at(suite['environment'], 'flights', 'flight_list')),
  get_current_day: (suite) => suite['calendar']?.['current_day'],
  search_contacts: (suite, { query }) =>
    [...new Set(mails(suite).map(({ sender }) => text(sender)))].filter((one) =>
      one.includes(text(query).toLowerCase()),
    ),
  get_unread_emails: (suite) => mails(suite).filter(({ read }) => read === false),
  search_emails: (suite, { query }) => saying(mails(suite), query),
  get_day_events: (suite, { day }) => events(suite).filter(({ start_time }) => text(start_time).startsWith(text(day))),
  search_events: (suite, { query }) => saying(events(suite), query),
  list_files: (suite) => pick(files(suite), 'filename', 'owner'),
  get_file: (suite, { filename }) => files(suite).find((file) => file['filename'] === filename)?.['content'],
};

/** Whether the tool reads. */
export const reads = (tool: string): boolean => Object.hasOwn(ANSWERS, tool);

/** What the tool's server answers; that there is nothing where the suite does not have it. */
export function answerOf(suite: Suite, tool: string, args: Fields): unknown {
  return ANSWERS[tool]?.(suite, args) ?? { found: 'nothing' };
}
