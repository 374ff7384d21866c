import type { CedarRequest } from './request.js';
import {
  CedarDatetime,
  CedarDecimal,
  CedarDuration,
  CedarIp,
  type CedarRecord,
  CedarSet,
  type CedarValue,
  EntityUid,
} from './value.js';

type Json = Record<string, unknown>;

/** A request in Cedar's JSON notation, as its own engine takes it. */
export interface RequestJson {
  principal: UidJson;
  action: UidJson;
  resource: UidJson;
  context: Json;
  entities: { uid: UidJson; attrs: Json; parents: UidJson[]; tags: Json }[];
}
interface UidJson {
  type: string;
  id: string;
}

/** Reads all of the context: throws EvaluationError for arguments that are no values of Cedar. */
export function requestJson({ principal, action, resource, context, entities }: CedarRequest): RequestJson {
  return {
    principal: uidJson(principal),
    action: uidJson(action),
    resource: uidJson(resource),
    context: recordJson(context),
    entities: entities.all().map(({ uid, parents, attributes, tags }) => ({
      uid: uidJson(uid),
      parents: parents.map(uidJson),
      attrs: recordJson(attributes),
      tags: tags === undefined ? {} : recordJson(tags),
    })),
  };
}

const uidJson = ({ type, id }: EntityUid): UidJson => ({ type, id });

const recordJson = (record: CedarRecord): Json =>
  Object.fromEntries(Array.from(record.names(), (name) => [name, valueJson(record.get(name))]));

function valueJson(value: CedarValue): unknown {
  if (typeof value !== 'object') return typeof value === 'bigint' ? Number(value) : value;
  if (value instanceof EntityUid) return { __entity: uidJson(value) };
  if (value instanceof CedarSet) return value.items().map(valueJson);
  if (value instanceof CedarDecimal) return extension('decimal', decimalText(value.units));
  if (value instanceof CedarDatetime) return extension('datetime', new Date(Number(value.ms)).toISOString());
  if (value instanceof CedarDuration) return extension('duration', `${value.ms}ms`);
  if (value instanceof CedarIp) return extension('ip', ipText(value));
  return recordJson(value);
}

const extension = (fn: string, arg: string): Json => ({ __extn: { fn, arg } });

function decimalText(units: bigint): string {
  const digits = (units < 0n ? -units : units).toString().padStart(5, '0');
  return `${units < 0n ? '-' : ''}${digits.slice(0, -4)}.${digits.slice(-4)}`;
}

function ipText({ version, bits, prefix }: CedarIp): string {
  const [count, width, radix] = version === 4 ? [4, 8n, 10] : [8, 16n, 16];
  const parts = Array.from({ length: count }, (_, index) =>
    ((bits >> (width * BigInt(count - 1 - index))) & ((1n << width) - 1n)).toString(radix),
  );
  return `${parts.join(version === 4 ? '.' : ':')}/${prefix}`;
}
