import type { Permissions } from './user-permissions.js';

const publishOnly = (publish: string[]): Permissions => ({ publish, subscribe: [] });

/** Subjects of the JetStream API that each operation needs, and no more. */
export const apiRights = {
  work: (stream: string, consumer: string) =>
    publishOnly([
      `$JS.API.CONSUMER.INFO.${stream}.${consumer}`,
      `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`,
      `$JS.ACK.${stream}.${consumer}.>`,
    ]),
  /** The filter is a part of the subject, so that a reader cannot ask for more. */
  read: (stream: string, filter: string) =>
    publishOnly([
      `$JS.API.STREAM.INFO.${stream}`,
      `$JS.API.CONSUMER.CREATE.${stream}.*.${filter}`,
      `$JS.API.CONSUMER.MSG.NEXT.${stream}.*`,
      `$JS.API.DIRECT.GET.${stream}.${filter}`,
      `$JS.FC.${stream}.>`,
    ]),
  bucketRead: (bucket: string) =>
    publishOnly([
      `$JS.API.STREAM.INFO.KV_${bucket}`,
      `$JS.API.CONSUMER.CREATE.KV_${bucket}.*.$KV.${bucket}.>`,
      `$JS.API.CONSUMER.MSG.NEXT.KV_${bucket}.*`,
      `$JS.API.DIRECT.GET.KV_${bucket}.$KV.${bucket}.>`,
      `$JS.FC.KV_${bucket}.>`,
    ]),
  objects: (store: string) =>
    publishOnly([
      `$O.${store}.>`,
      `$JS.API.STREAM.INFO.OBJ_${store}`,
      `$JS.API.CONSUMER.CREATE.OBJ_${store}.*.$O.${store}.>`,
      `$JS.API.CONSUMER.MSG.NEXT.OBJ_${store}.*`,
      `$JS.API.DIRECT.GET.OBJ_${store}.$O.${store}.>`,
      `$JS.FC.OBJ_${store}.>`,
    ]),
};
