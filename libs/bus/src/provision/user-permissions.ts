import {
  type AccountName,
  inboxPrefix,
  type Right,
  rightsOf,
  type ServiceName,
  tenantSubjects,
} from '@signalbox/contracts';
import { type ApiRights, mergeRights, rights } from '../api-rights.js';

/** Allow lists of one NATS user. The server refuses the rest. */
export type Permissions = ApiRights;

/** The least that a service's user needs in an account. */
export function permissionsOf(service: ServiceName, account: AccountName): Permissions {
  const parts = rightsOf(service, account).map(toPermissions);
  if (service === 'provisioner') parts.push(administration(account));
  const { publish, subscribe } = mergeRights(...parts);
  return { publish: publish.toSorted(), subscribe: subscribe.toSorted() };
}

/** A tenant's own system: its channels, and inboxes inside its own account, where nobody else is. */
export function tenantPermissions(tenant: string): Permissions {
  return {
    publish: tenantSubjects(tenant).map(({ subject }) => subject),
    subscribe: ['_INBOX.>', `${inboxPrefix(`tenant-${tenant}`)}.>`],
  };
}

function toPermissions(right: Right): Permissions {
  switch (right.kind) {
    case 'publish':
      return { publish: [right.subject], subscribe: [] };
    case 'subscribe':
      return { publish: [], subscribe: [right.subject] };
    case 'answer':
      return { publish: [`${right.inbox}.>`], subscribe: [] };
    case 'work':
      return rights.durable(right.stream, right.consumer);
    case 'read':
      return rights.followStream(right.stream);
    case 'inspect':
      return rights.inspect(right.stream, right.consumer);
    case 'bucket-read':
      return rights.readBucket(right.bucket);
    case 'bucket-write':
      return rights.writeBucket(right.bucket);
    case 'objects':
      return rights.objectStore(right.store);
    case 'inspect-objects':
      return rights.inspectObjects(right.store);
    case 'purge':
      return rights.purge(right.stream);
  }
}

/** The one-shot provisioner makes streams, durables and buckets, and listens while the self-test attacks. */
function administration(account: AccountName): Permissions {
  const listens = account === 'CORE' ? ['sb.v1.>', '$KV.>', '$O.>'] : ['sb.v1.>'];
  return { publish: ['$JS.API.>'], subscribe: listens };
}
