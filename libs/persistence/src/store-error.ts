import { MeshError } from '@signalbox/kernel';

/** SQLSTATE classes and codes that mean: not now. */
const UNAVAILABLE = /^(08...|53...|57P0.|57014|55P03|40001|40P01|25P0[234])$/;
/** The server is there and refuses who we say we are, or has no such database or right: waiting does not help. */
const MISCONFIGURED = /^(28...|3D000|42501|3F000)$/;
const UNIQUE_VIOLATION = '23505';

/** Failures of sockets, and what the driver says without a code of its own. */
const NETWORK = /^(ECONN|EPIPE|ENOENT|ETIMEDOUT|EHOST|ENET|EAI_|ENOTFOUND)/;
const DRIVER =
  /connection terminated|timeout exceeded when trying to connect|timeout expired|query read timeout|client has encountered a connection error|not queryable|connection is not established|Cannot use a pool after calling end/i;

/**
 * What a failure of TypeORM or the driver means: STORE_UNAVAILABLE (retry later), CONFLICT (a unique key is taken),
 * CONFIG_INVALID (user, password, database or rights are wrong), else INTERNAL. A MeshError stays as it is. The message
 * never holds values: the driver's own text, which may, is kept as cause.
 */
export function storeError(thrown: unknown): MeshError {
  if (thrown instanceof MeshError) return thrown;
  const { code, message } = rootOf(thrown);
  if (UNAVAILABLE.test(code) || NETWORK.test(code) || DRIVER.test(message)) {
    return new MeshError('STORE_UNAVAILABLE', 'The database cannot be reached now.', {
      details: { cause: code },
      cause: thrown,
    });
  }
  if (code === UNIQUE_VIOLATION) return new MeshError('CONFLICT', 'The thing exists already.', { cause: thrown });
  if (MISCONFIGURED.test(code)) {
    return new MeshError(
      'CONFIG_INVALID',
      `The database refuses this user or lacks what it needs (${code}); check the URL.`,
      { cause: thrown },
    );
  }
  return new MeshError('INTERNAL', 'The database refused a statement.', { details: { cause: code }, cause: thrown });
}

function rootOf(thrown: unknown): { code: string; message: string } {
  let error = thrown as { code?: unknown; message?: unknown; driverError?: unknown; errors?: unknown[] } | null;
  // TypeORM wraps the driver's error; a host with several addresses gives an aggregate of one error each.
  if (error?.driverError) error = error.driverError as typeof error;
  if (error?.code === undefined && Array.isArray(error?.errors)) error = error.errors[0] as typeof error;
  return { code: textOr(error?.code), message: textOr(error?.message) };
}

function textOr(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
