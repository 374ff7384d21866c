import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { type Tap, tapCore, type Tapped, tapInboxes } from '@signalbox/bus/provision';
import { queryOnce } from '@signalbox/local-servers';
import type { Stack } from '../../stack/options.ts';
import type { Planter, Planting } from './planter.ts';

/** Rows read at once. */
const PAGE_ROWS = 2_000;
const FILE_BYTES_MAX = 268_435_456;
const ZSTD_MAGIC = 0xfd2fb528;

export interface Leak {
  planting: Planting;
  place: string;
}

/** Looks for planted values in everything that a mesh says and keeps. */
export class Watch {
  readonly #planter: Planter;
  readonly #leaks = new Map<string, Leak>();
  /** Fields of which at least the harmless word beside the value was seen, and in how many plantings. */
  readonly #markers = new Map<string, Set<number>>();
  /** Characters looked at, by place. */
  readonly looked = new Map<string, number>();
  #taps: Tap[] = [];

  constructor(planter: Planter) {
    this.#planter = planter;
  }

  get leaks(): Leak[] {
    return [...this.#leaks.values()];
  }

  /** In how many plantings of a field its marker was seen inside the mesh. */
  markersSeen(field: string): number {
    return this.#markers.get(field)?.size ?? 0;
  }

  look(place: string, text: string): void {
    this.looked.set(place, (this.looked.get(place) ?? 0) + text.length);
    const { values, markers } = this.#planter.seenIn(text);
    for (const planting of values) this.#leaks.set(`${planting.id} ${place}`, { planting, place });
    for (const { field, id } of markers) {
      const seen = this.#markers.get(field) ?? new Set();
      this.#markers.set(field, seen.add(id));
    }
  }

  /** Everything that crosses CORE from now on: subjects, headers and bodies of messages, buckets, objects and replies. */
  async tap({ urls, keysDir }: Stack): Promise<void> {
    const access = { url: urls['nats'] ?? '', keysDir };
    const decoder = new TextDecoder();
    const hear = ({ subject, headers, body }: Tapped): void => {
      const [first, , ...rest] = subject.split('.');
      const place =
        first === 'sb'
          ? rest.slice(0, rest[0] === 'svc' ? 3 : 1).join('.')
          : subject
              .split('.')
              .slice(0, first?.startsWith('$') ? 2 : 1)
              .join('.');
      this.look(place, decoder.decode(body));
      this.look('subjects', subject);
      if (headers !== '') this.look('headers', headers);
    };
    this.#taps = [await tapCore(access, hear), await tapInboxes(access, hear)];
  }

  async untap(): Promise<void> {
    await Promise.all(this.#taps.map((tap) => tap.stop()));
    this.#taps = [];
  }

  logs({ logsDir }: Stack): void {
    for (const file of readdirSync(logsDir)) this.look(`log of ${file}`, readFileSync(join(logsDir, file), 'utf8'));
  }

  /** Every row of every table; bytes both as they are and as text. */
  async postgres({ adminUrl }: Stack): Promise<void> {
    const columns = await queryOnce<{ name: string; columns: string[]; bytes: string[] }>(
      adminUrl,
      `select format('%I.%I', table_schema, table_name) as name,
         coalesce(array_agg(quote_ident(column_name)) filter (where data_type <> 'bytea'), '{}') as columns,
         coalesce(array_agg(quote_ident(column_name)) filter (where data_type = 'bytea'), '{}') as bytes
       from information_schema.columns join information_schema.tables using (table_schema, table_name)
       where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'
       group by 1`,
    );
    for (const table of columns) {
      const texts = table.columns.map((column) => `${column}::text`);
      const bytes = table.bytes.map((column) => `encode(${column}, 'base64')`);
      const query = `select concat_ws(E'\\n', ${texts.join(', ') || "''"}) as text, array[${bytes.join(', ')}]::text[] as bytes from ${table.name} order by ctid`;
      for (let offset = 0; ; offset += PAGE_ROWS) {
        const rows = await queryOnce<{ text: string; bytes: (string | null)[] }>(
          adminUrl,
          `${query} limit ${PAGE_ROWS} offset ${offset}`,
        );
        for (const row of rows) {
          this.look(`table ${table.name}`, row.text);
          for (const value of row.bytes) this.look(`table ${table.name}`, textOf(Buffer.from(value ?? '', 'base64')));
        }
        if (rows.length < PAGE_ROWS) break;
      }
    }
  }

  /** The broker's own files, of the accounts whose path passes. */
  brokerFiles({ stateDir }: Stack, place: string, isMeant: (path: string) => boolean): void {
    for (const path of filesBelow(stateDir)) {
      if (!/\/jetstream\//.test(path) || !isMeant(path) || statSync(path).size > FILE_BYTES_MAX) continue;
      this.look(place, `${relative(stateDir, path)}\n${readFileSync(path, 'utf8')}`);
    }
  }
}

/** Text of what a table holds, compressed or not. */
function textOf(bytes: Buffer): string {
  const isZstd = bytes.length > 4 && bytes.readUInt32LE() === ZSTD_MAGIC;
  return (isZstd ? zstdDecompressSync(bytes) : bytes).toString('utf8');
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
