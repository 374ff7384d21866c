import { Inject, Injectable } from '@nestjs/common';
import { KEYS } from '@signalbox/app-runtime';
import type { KeyRing } from '@signalbox/bus';
import { Database } from '@signalbox/persistence';
import { decryptValue, encryptValue } from '@signalbox/privacy';
import { In } from 'typeorm';
import { VaultEntry } from '../entities/vault-entry.entity.js';
import { type VaultItem, VaultPort } from '../vault.port.js';

/** How long one call waits for a database that is away, ms. */
const OPEN_MS = 2_000;
/** Rows of one statement: Postgres numbers a statement's parameters with 16 bits. */
const ROWS_MAX = 4_096;

/** The vault in Postgres. */
@Injectable()
export class PostgresVaultAdapter extends VaultPort {
  readonly #master: Buffer;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(KEYS) keys: KeyRing,
  ) {
    super();
    this.#master = keys.secret('vault');
  }

  override async keep(tenant: string, items: readonly VaultItem[]): Promise<void> {
    await this.database.open(OPEN_MS);
    const tokens = items.map(({ token }) => token);
    const classes = items.map((item) => item.class);
    const sealed = items.map(({ token, value }) => encryptValue(this.#master, { tenant, token, value }));
    // One statement however many they are: building an insert of thousands of rows would hold up everybody else.
    await this.database.run((manager) =>
      manager.query(
        `insert into vault (tenant, token, class, sealed)
         select $1, * from unnest($2::text[], $3::text[], $4::text[]) on conflict do nothing`,
        [tenant, tokens, classes, sealed],
      ),
    );
  }

  override async open(tenant: string, tokens: readonly string[]): Promise<Map<string, string>> {
    if (tokens.length === 0) return new Map();
    await this.database.open(OPEN_MS);
    const values = new Map<string, string>();
    for (const part of inParts(tokens)) {
      const rows = await this.database.run((manager) => manager.findBy(VaultEntry, { tenant, token: In([...part]) }));
      for (const { token, sealed } of rows) values.set(token, decryptValue(this.#master, { tenant, token }, sealed));
    }
    return values;
  }
}

function* inParts<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += ROWS_MAX) yield items.slice(at, at + ROWS_MAX);
}
