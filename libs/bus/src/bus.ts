import type { AccountName, BucketName, ChannelBody, ChannelName, ChannelReply, ConsumerName, RequestChannel, ServiceName } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import type { Bucket } from './bucket.js';
import type { BusCapabilities } from './capabilities.js';
import type { Journal } from './journal.js';
import type { KeyRing } from './key-ring.js';
import type {
  BusMessage, BusOptions, PublishOptions, PublishReceipt, RequestOptions, RequestStreamOptions, ServeOptions, Service, WorkConsumer, WorkMessage,
} from './types.js';

const soon = (): MeshError => new MeshError('INTERNAL', 'not yet');

export abstract class Bus {
  abstract readonly service: ServiceName;
  abstract readonly account: AccountName;
  abstract readonly capabilities: BusCapabilities;
  abstract readonly journal: Journal;
  abstract readonly keys: KeyRing;

  static connect(_options: BusOptions): Promise<Bus> {
    return Promise.reject(soon());
  }

  abstract publish<K extends ChannelName>(channel: K, subject: string, body: ChannelBody<K>, options?: PublishOptions): Promise<PublishReceipt | undefined>;
  abstract request<K extends RequestChannel>(channel: K, subject: string, body: ChannelBody<K>, options: RequestOptions): Promise<ChannelReply<K>>;
  abstract requestStream<K extends RequestChannel>(channel: K, subject: string, body: ChannelBody<K>, options: RequestStreamOptions): AsyncIterable<ChannelReply<K>>;
  abstract serve<K extends RequestChannel>(channel: K, handler: (message: BusMessage<ChannelBody<K>>) => Promise<ChannelReply<K>>, options?: ServeOptions): Promise<Service>;
  abstract serveStream<K extends RequestChannel>(
    channel: K, handler: (message: BusMessage<ChannelBody<K>>, signal: AbortSignal) => AsyncIterable<ChannelReply<K>>, options?: ServeOptions,
  ): Promise<Service>;
  abstract subscribe<K extends ChannelName>(channel: K, subject: string, handler: (message: BusMessage<ChannelBody<K>>) => void): { stop(): void };
  abstract work(consumer: ConsumerName, handler: (message: WorkMessage<unknown>) => Promise<void>, options: { concurrency: number }): Promise<WorkConsumer>;
  abstract bucket(name: BucketName): Promise<Bucket>;
  abstract health(): Promise<{ ok: boolean; why?: string }>;
  abstract drain(deadlineMs: number): Promise<void>;
}
