import type {
  AnsweredV1,
  ApprovalsAskV1,
  ApprovalsReplyV1,
  ApproveRequestV1,
  AuthReplyV1,
  CancelRequestV1,
  ChannelBody,
  ReservationV1,
  RunRequestV1,
  RunViewV1,
  WatchEventV1,
} from '@signalbox/contracts';
import type { z } from 'zod';

/** Who asks: the tenant that the key names, and what of the key may travel. */
export interface Caller {
  tenant: string;
  /** SHA-256 of the key, hex. */
  keyDigest: string;
}

export type Identity = z.infer<typeof AuthReplyV1>;
export type RunView = z.infer<typeof RunViewV1>;
export type WatchEvent = z.infer<typeof WatchEventV1>;

/** Ways to say something to a run that goes on, beside cancelling it. */
export type ControlChannel = 'inApprove' | 'inSignal' | 'inPause' | 'inResume';

/** The mesh behind the edge: the guard, over GATE. Errors are MeshErrors by the guard's code. */
export abstract class MeshPort {
  /** `start`: the run that is about to be asked for; OVERLOADED where it has no room. */
  abstract authenticate(caller: Caller, start?: string): Promise<Identity>;
  /** Which run a request under an idempotency key starts; IDEMPOTENCY_MISMATCH when its key stands for another request. */
  abstract reserve(caller: Caller, request: RunRequestV1): Promise<ReservationV1>;
  /** Resolves once the request is stored. */
  abstract startRun(caller: Caller, request: RunRequestV1): Promise<void>;
  abstract cancelRun(caller: Caller, request: CancelRequestV1): Promise<void>;
  /** Resolves once what is said to the run is stored. */
  abstract tellRun<K extends ControlChannel>(caller: Caller, channel: K, request: ChannelBody<K>): Promise<void>;
  /** How the question stands then; or why the answer does not count. */
  abstract answer(caller: Caller, request: ApproveRequestV1): Promise<AnsweredV1>;
  abstract approvals(caller: Caller, asked: Omit<ApprovalsAskV1, 'keyDigest'>): Promise<ApprovalsReplyV1>;
  abstract runStatus(caller: Caller, runId: string): Promise<RunView>;
  /** Ends with an `end` event; survives the loss of a guard. */
  abstract watchRun(caller: Caller, runId: string, signal: AbortSignal): AsyncIterable<WatchEvent>;
}
