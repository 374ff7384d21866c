import { MeshError } from '@signalbox/kernel';
import type { BucketChange, BucketEntry, BucketWatch } from './types.js';

const soon = (): MeshError => new MeshError('INTERNAL', 'not yet');

/** A key-value bucket. */
export class Bucket {
  get(_key: string): Promise<BucketEntry | null> {
    return Promise.reject(soon());
  }

  put(_key: string, _value: Uint8Array | string): Promise<number> {
    return Promise.reject(soon());
  }

  create(_key: string, _value: Uint8Array | string): Promise<number> {
    return Promise.reject(soon());
  }

  update(_key: string, _value: Uint8Array | string, _revision: number): Promise<number> {
    return Promise.reject(soon());
  }

  delete(_key: string): Promise<void> {
    return Promise.reject(soon());
  }

  watch(_pattern: string, _handler: (change: BucketChange) => void | Promise<void>): BucketWatch {
    throw soon();
  }
}
