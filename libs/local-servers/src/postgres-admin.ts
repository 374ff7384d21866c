import { Client, escapeIdentifier, escapeLiteral } from 'pg';

const CONNECT_TIMEOUT_MS = 5_000;

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  // A server that ends while we are connected speaks through the pending query; without a listener it would throw here.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Rows of one statement, on a connection of its own. */
export function queryOnce<Row extends object>(url: string, text: string, values: unknown[] = []): Promise<Row[]> {
  return withClient(url, async (client) => (await client.query<Row>(text, values)).rows);
}

/** Whether the server takes this user now. */
export async function canConnect(url: string): Promise<boolean> {
  return withClient(url, async () => true).catch(() => false);
}

/**
 * Creates (or, at a later start, gives a new password to) a role and a schema of the same name that it owns and that
 * is its search path, and returns the role's URL. The role can log in and nothing else.
 */
export async function createOwnedSchema(adminUrl: string, name: string, password: string): Promise<string> {
  const role = escapeIdentifier(name);
  await withClient(adminUrl, async (client) => {
    const known = await client.query('select 1 from pg_roles where rolname = $1', [name]);
    await client.query(
      `${known.rowCount ? 'alter' : 'create'} role ${role} with login password ${escapeLiteral(password)}`,
    );
    const admin = await client.query<{ may: boolean }>(
      'select rolsuper as may from pg_roles where rolname = current_user',
    );
    if (!admin.rows[0]?.may) await client.query(`grant ${role} to current_user`);
    await client.query(`create schema if not exists ${role} authorization ${role}`);
    await client.query(`alter role ${role} set search_path to ${role}`);
  });
  const url = new URL(adminUrl);
  url.username = encodeURIComponent(name);
  url.password = encodeURIComponent(password);
  return url.href;
}

/** Removes what createOwnedSchema made, with all that lies in it. */
export async function dropOwnedSchema(adminUrl: string, name: string): Promise<void> {
  const role = escapeIdentifier(name);
  await withClient(adminUrl, async (client) => {
    await client.query('select pg_terminate_backend(pid) from pg_stat_activity where usename = $1', [name]);
    await client.query(`drop schema if exists ${role} cascade`);
    await client.query(`drop role if exists ${role}`);
  });
}
