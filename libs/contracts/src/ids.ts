import { z } from 'zod';
import { PARTITION_NAMES } from './partitions.js';

/** One token of a subject: no dots, no wildcards, no spaces. */
export const TOKEN = /^[A-Za-z0-9_-]{1,64}$/;
export const Token = z.string().regex(TOKEN, 'must be 1–64 of A–Z a–z 0–9 _ -');
export const TENANT_ID = /^[a-z][a-z0-9-]{0,31}$/;
export const TenantId = z.string().regex(TENANT_ID, 'must be 1–32 of a–z 0–9 -, starting with a letter');
/** `run_<partition>_<26>`. A partition that no stream holds is refused here, before anything waits for that stream. */
export const RUN_ID = new RegExp(`^run_(?:${PARTITION_NAMES.join('|')})_[0-9a-z]{26}$`);
export const RunId = z.string().regex(RUN_ID, 'must be a run id');
export const RequestId = z.string().regex(/^req_[0-9a-z]{26}$/, 'must be a request id');
/** A caller's own name for a request that it may send again: visible ASCII. */
export const IdempotencyKey = z.string().regex(/^[\x21-\x7e]{1,255}$/, 'must be 1–255 visible ASCII characters');
export const Sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hex');
