/** Waits in ms, sizes in bytes. Each has its reason beside it. */
export const LIMITS = {
  /** A server that is restarted answers within this. */
  connectTimeoutMs: 5_000,
  /** How long wrong credentials are tried again at the start: a reload of the server may be under way. */
  connectForbiddenMs: 5_000,
  reconnectWaitMs: 250,
  reconnectJitterMs: 500,
  pingIntervalMs: 10_000,
  /** A connection that is gone longer makes the service unready. */
  disconnectedMsMax: 5_000,
  flushTimeoutMs: 1_000,

  /** Published and not yet acknowledged; more gains nothing and fills the server. */
  publishWindow: 256,
  /** Waiting for the window; beyond it OVERLOADED. */
  publishQueueMax: 8_192,
  publishQueueBytesMax: 64 * 1_048_576,
  /** No ack for so long: the same bytes are sent again. */
  publishResendMs: 2_500,
  /** First and longest pause after "nobody there". */
  publishRetryMs: 50,
  publishRetryMsMax: 1_000,
  /** After this the outcome stays unknown: BUS_TIMEOUT. Longer than a restart of the server takes. */
  publishDeadlineMs: 30_000,
  /** No ack for so long makes the service unready: a full disk, a stream without a leader. */
  publishStalledMsMax: 10_000,

  /** One question to the JetStream API, and all tries of it together. */
  apiTimeoutMs: 2_000,
  apiDeadlineMs: 15_000,
  apiRetryMs: 100,
  apiRetryMsMax: 2_000,

  pullExpiresMs: 30_000,
  /** Signs of life of a pull; two and a half of them missed mean it is lost. */
  workHeartbeatMs: 3_000,
  readHeartbeatMs: 1_000,
  /** Dead letters looked at for one page of them. */
  lettersScannedMax: 5_000,
  /** Entries asked for ahead of the one in hand. */
  readBatch: 256,
  /** An ephemeral reader that stops asking is removed by the server. */
  followInactiveMs: 5_000,
  readInactiveMs: 1_000,
  /** Entries of one run that `read` gives. */
  readEntriesMax: 50_000,
  /** For the whole journal of a run. */
  readDeadlineMs: 30_000,
  rereadMs: 100,
  rereadMsMax: 5_000,

  /** Waiting before a failed work message comes again: first and longest. */
  workRetryMs: 250,
  workRetryMsMax: 30_000,
  /** Nothing is kept from redelivery for longer. */
  workHoldMs: 15 * 60_000,
  /** A full pull queue, or a consumer that is not there. */
  workRepullMs: 250,
  workRepullMsMax: 5_000,

  serveConcurrency: 64,
  serveStopMs: 5_000,
  requestMsMax: 120_000,
  /** Signs of life of a streamed reply when the asker names no idle limit of its own. */
  streamBeatMs: 10_000,
  streamBeatMsMin: 100,
  /** The same for a tenant's own systems, which name what they like: thousands of streams must stay cheap. */
  tenantBeatMsMin: 5_000,
  /** Items of a streamed reply that its reader has not taken yet. */
  streamItemsMax: 4_096,

  /** A core subscription with more unread messages is slow, and logged. */
  subscriptionPendingMax: 10_000,

  /** Room for frame and headers within the server's limit. */
  envelopeBytesMax: 8_192,
  claimBytesMax: 16 * 1_048_576,
  claimChunkBytes: 262_144,
  /** Claims put by this process lately, which need no second put. */
  claimsRemembered: 256,
  bucketValueBytesMax: 1_048_576 - 8_192,
} as const;
