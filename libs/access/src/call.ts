import { AsyncLocalStorage } from 'node:async_hooks';
import type { AdminPrincipal } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';

/** What is used of a request and a reply, whatever server is below. */
export interface AccessRequest {
  method: string;
  url: string;
  headers: Record<string, string | undefined>;
  params: Record<string, string | undefined>;
  body?: unknown;
  call?: Call;
}
export interface AccessReply {
  statusCode: number;
  code(status: number): AccessReply;
  header(name: string, value: string): AccessReply;
  getHeaders(): Record<string, string | number | string[] | undefined>;
}

/** One call of an admin API while it is being handled. */
export interface Call {
  principal: AdminPrincipal;
  /** `areq_…`, in the answer's `sb-request-id` and in the change log. */
  requestId: string;
  /** Taken on under an `Idempotency-Key`: whatever changes something marks it in the same transaction. */
  claim?: { principal: string; keyDigest: string; claim: string };
}

const calls = new AsyncLocalStorage<Call>();

/** The call that the code runs for; undefined where Signalbox acts on its own. */
export const currentCall = (): Call | undefined => calls.getStore();

/** Runs `work` as part of a call. */
export const inCall = <T>(call: Call, work: () => T): T => calls.run(call, work);

export function callerOf({ call }: AccessRequest): AdminPrincipal {
  if (!call) throw new MeshError('INTERNAL', 'A caller was asked for where nobody was let in.');
  return call.principal;
}
